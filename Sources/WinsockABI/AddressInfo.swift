public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: getaddrinfo.
@c @implementation
public func ws2_getaddrinfo(
    _ pNodeName: PCSTR?, _ pServiceName: PCSTR?, _ pHints: UnsafePointer<ADDRINFOA>?,
    _ ppResult: UnsafeMutablePointer<PADDRINFOA?>?
) -> INT {
    unsafe resolve(pNodeName, pServiceName, as: .narrow, pHints, into: ppResult)
}

/// Winsock: GetAddrInfoW.
@c @implementation
public func GetAddrInfoW(
    _ pNodeName: PCWSTR?, _ pServiceName: PCWSTR?, _ pHints: UnsafePointer<ADDRINFOW>?,
    _ ppResult: UnsafeMutablePointer<PADDRINFOW?>?
) -> INT {
    unsafe resolve(pNodeName, pServiceName, as: .wide, pHints, into: ppResult)
}

/// Winsock: freeaddrinfo.
@c @implementation
public func ws2_freeaddrinfo(_ pAddrInfo: PADDRINFOA?) { unsafe free(pAddrInfo) }

/// Winsock: FreeAddrInfoW.
@c @implementation
public func FreeAddrInfoW(_ pAddrInfo: PADDRINFOW?) { unsafe free(pAddrInfo) }

/// struct addrinfo, A and W alike: four numbers, a length, and three pointers.
private enum Entry {
    static let byteCount = 48
    static let addressLength = 16
    static let canonicalName = 24
    static let address = 32
    static let next = 40
}

/// Runs a call that gives 0 or the code itself. Winsock: getaddrinfo, getnameinfo.
func attemptCode(_ body: () throws(CallFailure) -> Void) -> INT {
    do throws(CallFailure) {
        try body()
        return 0
    } catch {
        error.record()
        return error.code.rawValue
    }
}

/// Turns the resolver's no into a code of Winsock.
func resolving<Result>(
    _ body: () throws(NameCallError) -> Result
) throws(CallFailure) -> Result {
    do throws(NameCallError) {
        return try body()
    } catch {
        throw CallFailure(
            NameResolutionError.code(forLinux: error.result, errno: error.errno))
    }
}

private struct Hints {
    var flags: AddressInfoFlags = []
    var family: Int32 = 0
    var type: Int32 = 0
    var protocolNumber: Int32 = 0

    init(_ address: UnsafeRawPointer?) throws(CallFailure) {
        guard let address = unsafe address else { return }
        let bytes = try asking { () throws(Errno) in
            unsafe try CallerMemory.read(Entry.byteCount, at: address)
        }
        let numbers = stride(from: 0, to: 16, by: 4).map {
            Int32(bitPattern: word(bytes, at: $0))
        }
        guard bytes[Entry.addressLength...].allSatisfy({ $0 == 0 }) else {
            throw CallFailure(.nameNoRecovery, "the hints may have no address and no name")
        }
        flags = AddressInfoFlags(rawValue: numbers[0])
        (family, type, protocolNumber) = (numbers[1], numbers[2], numbers[3])
    }

    /// The kind of socket to ask Linux for, which otherwise would give each address once for each.
    var askedType: Int32 {
        if type != 0 { return type }
        let isDatagram = protocolNumber == ProtocolNumber.userDatagram
        return (isDatagram ? SocketType.datagram : .stream).rawValue
    }
}

private func resolve(
    _ node: UnsafeRawPointer?, _ service: UnsafeRawPointer?, as form: TextForm,
    _ hints: UnsafeRawPointer?, into result: UnsafeMutableRawPointer?
) -> INT {
    attemptCode { () throws(CallFailure) in
        try Library.requireStartup()
        unsafe try give(nil, to: result)
        var host = unsafe try form.text(at: node)
        let serviceName = unsafe try form.text(at: service)
        let hints = unsafe try Hints(hints)
        guard host != nil || serviceName != nil else { throw CallFailure(.hostNotFound) }
        let flags = try deciding { () throws(WSAError) in try hints.flags.linux() }
        // The empty name is that of this host. Winsock: getaddrinfo, pNodeName.
        if host == [] { host = Array(HostFacts.hostName().utf8) }
        var family: Int32 = 0
        if hints.family != 0 {
            guard let known = AddressFamily(rawValue: hints.family), known != .unix else {
                throw CallFailure(.addressFamilyNotSupported)
            }
            family = known.linux
        }
        let found = try resolving { () throws(NameCallError) in
            try addresses(host, serviceName == [] ? nil : serviceName, flags, family, hints)
        }
        let first = unsafe try list(found, hints, as: form)
        unsafe try give(first, to: result)
    }
}

private func addresses(
    _ host: [UInt8]?, _ service: [UInt8]?, _ flags: Int32, _ family: Int32, _ hints: Hints
) throws(NameCallError) -> [FoundAddress] {
    do throws(NameCallError) {
        return try NameCalls.addresses(
            host: host, service: service, flags: flags, family: family, type: hints.askedType)
    } catch  where hints.type == 0 && hints.protocolNumber == 0 {
        // A service that only datagrams have. Otherwise this fails for the same reason.
        return try NameCalls.addresses(
            host: host, service: service, flags: flags, family: family,
            type: SocketType.datagram.rawValue)
    }
}

/// Each entry is one piece of memory, so that a list can be freed from any entry on. The type and
/// the protocol are those of the hints, as on Windows.
private func list(
    _ found: [FoundAddress], _ hints: Hints, as form: TextForm
) throws(CallFailure) -> UnsafeMutableRawPointer? {
    var first: UnsafeMutableRawPointer?
    for entry in found.reversed() {
        let address = try deciding { () throws(WSAError) in try SocketAddress(linux: entry.bytes) }
        let bytes = address.windowsBytes
        let name = entry.canonicalName.map { form.encoded($0).bytes } ?? []
        let room = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Entry.byteCount + bytes.count + name.count, alignment: 16)
        guard let start = room.baseAddress else { throw CallFailure(.notEnoughMemory) }
        let nameStart = unsafe start + Entry.byteCount + bytes.count
        unsafe room.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe start.storeBytes(of: address.family.rawValue, toByteOffset: 4, as: Int32.self)
        unsafe start.storeBytes(of: hints.type, toByteOffset: 8, as: Int32.self)
        unsafe start.storeBytes(of: hints.protocolNumber, toByteOffset: 12, as: Int32.self)
        unsafe start.storeBytes(of: bytes.count, toByteOffset: Entry.addressLength, as: Int.self)
        unsafe store(name.isEmpty ? nil : nameStart, at: start + Entry.canonicalName)
        unsafe store(start + Entry.byteCount, at: start + Entry.address)
        unsafe store(first, at: start + Entry.next)
        unsafe (start + Entry.byteCount).copyMemory(from: bytes, byteCount: bytes.count)
        unsafe nameStart.copyMemory(from: name, byteCount: name.count)
        unsafe first = unsafe start
    }
    return unsafe first
}

/// Puts a pointer where C expects one.
func store(_ pointer: UnsafeMutableRawPointer?, at address: UnsafeMutableRawPointer) {
    unsafe address.storeBytes(of: UInt(bitPattern: pointer), as: UInt.self)
}

private func give(
    _ pointer: UnsafeMutableRawPointer?, to address: UnsafeMutableRawPointer?
) throws(CallFailure) {
    let number = UInt(bitPattern: pointer)
    unsafe try giveBytes(littleEndian(number), to: address)
}

private func free(_ entry: UnsafeMutableRawPointer?) {
    var next = unsafe entry
    while let entry = unsafe next {
        let number = unsafe entry.load(fromByteOffset: Entry.next, as: UInt.self)
        unsafe next = UnsafeMutableRawPointer(bitPattern: number)
        unsafe entry.deallocate()
    }
}
