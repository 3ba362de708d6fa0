public import CWinsock2
internal import Transport
internal import Winsock

// The older questions about names. What they give is the thread's, until its next such call.

/// Winsock: gethostname.
@c @implementation
public func ws2_gethostname(_ name: UnsafeMutablePointer<CChar>?, _ namelen: Int32) -> Int32 {
    attempt { () throws(CallFailure) in
        try Library.requireStartup()
        let text = Array(HostFacts.hostName().utf8) + [0]
        guard text.count <= namelen else {
            throw CallFailure(.badAddress, "the name needs \(text.count) bytes")
        }
        unsafe try giveBytes(text, to: name)
    }
}

/// Winsock: gethostbyname. IPv4 alone; NULL and "" name this host.
@c @implementation
public func ws2_gethostbyname(_ name: UnsafePointer<CChar>?) -> UnsafeMutablePointer<ws2_hostent>? {
    let start = unsafe attempt(otherwise: UnsafeMutableRawPointer?.none) {
        () throws(CallFailure) in
        try Library.requireStartup()
        let given = unsafe try TextForm.narrow.text(at: name) ?? []
        let host = given.isEmpty ? Array(HostFacts.hostName().utf8) : given
        let found = try resolving { () throws(NameCallError) in
            try NameCalls.addresses(
                host: host, service: nil, flags: AddressInfoFlags.canonicalName.rawValue,
                family: AddressFamily.internet.linux, type: SocketType.stream.rawValue)
        }
        var result = unsafe ResultWriter(.host, byteCount: 32)
        unsafe result.setPointer(0, result.text(found.first?.canonicalName ?? host))
        unsafe result.setPointer(8, result.list([]))
        unsafe result.setHalfWord(16, UInt16(AddressFamily.internet.rawValue))
        unsafe result.setHalfWord(18, 4)
        unsafe result.setPointer(24, result.list(found.map { Array($0.bytes[4..<8]) }))
        return unsafe result.start
    }
    return unsafe start?.assumingMemoryBound(to: ws2_hostent.self)
}

/// Winsock: getservbyname.
@c @implementation
public func ws2_getservbyname(
    _ name: UnsafePointer<CChar>?, _ proto: UnsafePointer<CChar>?
) -> UnsafeMutablePointer<ws2_servent>? {
    unsafe service(proto) { (protocolName) throws(CallFailure) in
        guard let name = unsafe try TextForm.narrow.text(at: name) else {
            throw CallFailure(.badAddress)
        }
        return NameCalls.service(name: name, protocolName: protocolName)
    }
}

/// Winsock: getservbyport.
@c @implementation
public func ws2_getservbyport(
    _ port: Int32, _ proto: UnsafePointer<CChar>?
) -> UnsafeMutablePointer<ws2_servent>? {
    unsafe service(proto) { (protocolName) throws(CallFailure) in
        NameCalls.service(name: nil, port: port, protocolName: protocolName)
    }
}

/// Winsock: getprotobyname.
@c @implementation
public func ws2_getprotobyname(
    _ name: UnsafePointer<CChar>?
) -> UnsafeMutablePointer<ws2_protoent>? {
    unsafe protocolEntry { () throws(CallFailure) in
        guard let name = unsafe try TextForm.narrow.text(at: name) else {
            throw CallFailure(.badAddress)
        }
        return NameCalls.protocolEntry(name: name)
    }
}

/// Winsock: getprotobynumber.
@c @implementation
public func ws2_getprotobynumber(_ number: Int32) -> UnsafeMutablePointer<ws2_protoent>? {
    unsafe protocolEntry { () throws(CallFailure) in
        NameCalls.protocolEntry(name: nil, number: number)
    }
}

private func service(
    _ protocolName: UnsafeRawPointer?, _ find: ([UInt8]?) throws(CallFailure) -> FoundEntry?
) -> UnsafeMutablePointer<ws2_servent>? {
    let start = unsafe attempt(otherwise: UnsafeMutableRawPointer?.none) {
        () throws(CallFailure) in
        try Library.requireStartup()
        let protocolName = unsafe try TextForm.narrow.text(at: protocolName)
        guard let entry = try find(protocolName) else { throw CallFailure(.nameNoData) }
        var result = unsafe ResultWriter(.service, byteCount: 32)
        unsafe result.setPointer(0, result.text(entry.name))
        unsafe result.setPointer(8, result.list(entry.aliases.map { $0 + [0] }))
        unsafe result.setPointer(16, result.text(entry.protocolName))
        unsafe result.setHalfWord(24, UInt16(truncatingIfNeeded: entry.number))
        return unsafe result.start
    }
    return unsafe start?.assumingMemoryBound(to: ws2_servent.self)
}

private func protocolEntry(
    _ find: () throws(CallFailure) -> FoundEntry?
) -> UnsafeMutablePointer<ws2_protoent>? {
    let start = unsafe attempt(otherwise: UnsafeMutableRawPointer?.none) {
        () throws(CallFailure) in
        try Library.requireStartup()
        guard let entry = try find() else { throw CallFailure(.nameNoData) }
        var result = unsafe ResultWriter(.protocolEntry, byteCount: 24)
        unsafe result.setPointer(0, result.text(entry.name))
        unsafe result.setPointer(8, result.list(entry.aliases.map { $0 + [0] }))
        unsafe result.setHalfWord(16, UInt16(truncatingIfNeeded: entry.number))
        return unsafe result.start
    }
    return unsafe start?.assumingMemoryBound(to: ws2_protoent.self)
}
