internal import CLinux
internal import Glibc

/// What getaddrinfo(3) or getnameinfo(3) returned when it found nothing; `errno` counts only for
/// EAI_SYSTEM.
package struct NameCallError: Error, Hashable, Sendable {
    package let result: Int32
    package let errno: Int32
}

/// One address of a name, by Linux' numbers.
package struct FoundAddress: Hashable, Sendable {
    package let bytes: [UInt8]
    package let canonicalName: [UInt8]?
}

/// A line of services(5) or protocols(5).
package struct FoundEntry: Hashable, Sendable {
    package let name: [UInt8]
    package let aliases: [[UInt8]]
    /// A port as the field has it, in network order; or the number of a protocol.
    package let number: Int32
    /// Of a service.
    package let protocolName: [UInt8]
}

/// A program's own questions to the resolver, by Linux' numbers.
package enum NameCalls {
    /// May ask the network. Texts have no NUL inside.
    ///
    /// getaddrinfo(3)
    package static func addresses(
        host: [UInt8]?, service: [UInt8]?, flags: Int32, family: Int32, type: Int32
    ) throws(NameCallError) -> [FoundAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = flags
        unsafe hints.ai_family = family
        unsafe hints.ai_socktype = type
        var list: UnsafeMutablePointer<addrinfo>?
        let result = unsafe withText(host) { host in
            unsafe withText(service) { service in
                unsafe getaddrinfo(host, service, &hints, &list)
            }
        }
        guard result == 0 else { throw NameCallError(result: result, errno: errno) }
        defer { unsafe freeaddrinfo(list) }
        var found: [FoundAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            let bytes = unsafe UnsafeRawBufferPointer(
                start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen))
            found.append(
                FoundAddress(
                    bytes: unsafe Array(bytes),
                    canonicalName: unsafe entry.pointee.ai_canonname.map { unsafe text($0) }))
            unsafe next = entry.pointee.ai_next
        }
        return found
    }

    /// getnameinfo(3)
    package static func names(
        of address: [UInt8], flags: Int32, wantsHost: Bool, wantsService: Bool
    ) throws(NameCallError) -> (host: [UInt8], service: [UInt8]) {
        var host = [CChar](repeating: 0, count: 1025)
        var service = [CChar](repeating: 0, count: 256)
        let hostCapacity = wantsHost ? host.count : 0
        let serviceCapacity = wantsService ? service.count : 0
        let result = unsafe address.withUnsafeBytes {
            unsafe getnameinfo(
                $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count),
                &host, socklen_t(hostCapacity), &service, socklen_t(serviceCapacity), flags)
        }
        guard result == 0 else { throw NameCallError(result: result, errno: errno) }
        func bytes(_ text: [CChar]) -> [UInt8] {
            text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        }
        return (bytes(host), bytes(service))
    }

    /// By name, or by port in network order where the name is nil; nil where there is none.
    ///
    /// getservbyname_r(3)
    package static func service(
        name: [UInt8]?, port: Int32 = 0, protocolName: [UInt8]?
    ) -> FoundEntry? {
        var entry = unsafe clinux_entry()
        var buffer = [CChar](repeating: 0, count: entryCapacity)
        return unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            let isFound = unsafe withText(name) { name in
                unsafe withText(protocolName) { protocolName in
                    unsafe clinux_find_service(
                        name, port, protocolName, &entry, buffer.baseAddress, buffer.count)
                }
            }
            return isFound == 0 ? nil : unsafe FoundEntry(entry)
        }
    }

    /// By name, or by number where the name is nil; nil where there is none.
    ///
    /// getprotobyname_r(3)
    package static func protocolEntry(name: [UInt8]?, number: Int32 = 0) -> FoundEntry? {
        var entry = unsafe clinux_entry()
        var buffer = [CChar](repeating: 0, count: entryCapacity)
        return unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            let isFound = unsafe withText(name) { name in
                unsafe clinux_find_protocol(name, number, &entry, buffer.baseAddress, buffer.count)
            }
            return isFound == 0 ? nil : unsafe FoundEntry(entry)
        }
    }

    /// An IPv4 address in any form that was ever written, in network order.
    ///
    /// inet_aton(3)
    package static func internetAddress(_ text: [UInt8]) -> UInt32? {
        var address: UInt32 = 0
        let result = unsafe withText(text) { unsafe clinux_internet_address($0, &address) }
        return result == 0 ? address : nil
    }

    private static let entryCapacity = 4096

    private static func withText<Result>(
        _ text: [UInt8]?, _ body: (UnsafePointer<CChar>?) -> Result
    ) -> Result {
        guard let text else { return body(nil) }
        let terminated = text.map { CChar(bitPattern: $0) } + [0]
        return unsafe terminated.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }
}

private func text(_ text: UnsafePointer<CChar>) -> [UInt8] {
    Array(unsafe String(cString: text).utf8)
}

extension FoundEntry {
    fileprivate init(_ entry: clinux_entry) {
        name = unsafe entry.name.map { unsafe text($0) } ?? []
        protocolName = unsafe entry.protocol.map { unsafe text($0) } ?? []
        number = unsafe entry.number
        var aliases: [[UInt8]] = []
        var next = unsafe entry.aliases
        while let alias = unsafe next?.pointee {
            unsafe aliases.append(text(alias))
            unsafe next = next?.advanced(by: 1)
        }
        self.aliases = aliases
    }
}
