internal import CWinsock2
internal import Transport
internal import Winsock

// Addresses between the program and the kernel: the family of IPv6 has another number, and what the
// program wrote is never changed.

/// The longest struct sockaddr that is looked at.
private let longestAddress: Int32 = 128

/// An address of the program's. WSAEFAULT for memory that is not there, and for less than the
/// family needs; WSAEAFNOSUPPORT for a family without a provider.
func callerAddress(
    at start: UnsafeRawPointer?, byteCount: Int32
) throws(CallFailure) -> SocketAddress {
    guard byteCount >= 0 else { throw CallFailure(.badAddress) }
    let bytes = try asking { () throws(Errno) in
        unsafe try CallerMemory.read(Int(min(byteCount, longestAddress)), at: start)
    }
    return try deciding { () throws(WSAError) in try SocketAddress(windows: bytes) }
}

/// The same, for a socket of that family only. Winsock: bind, WSAEAFNOSUPPORT.
func callerAddress(
    at start: UnsafeRawPointer?, byteCount: Int32, for number: Int32
) throws(CallFailure) -> SocketAddress {
    let address = unsafe try callerAddress(at: start, byteCount: byteCount)
    let family = try asking { () throws(Errno) in try SocketCalls.family(of: number) }
    guard address.family.linux == family else {
        throw CallFailure(.addressFamilyNotSupported, "the socket is of another family")
    }
    return address
}

/// Where the program wants an address, and how long it may be. Winsock: accept, addr, addrlen.
@unsafe struct AddressRoom {
    let start: UnsafeMutableRawPointer
    let length: UnsafeMutableRawPointer
    let byteCount: Int

    /// Nil when the program wants none.
    init?(
        _ start: UnsafeMutableRawPointer?, _ length: UnsafeMutableRawPointer?
    ) throws(CallFailure) {
        guard let start = unsafe start else { return nil }
        guard let length = unsafe length else { throw CallFailure(.badAddress) }
        let count = unsafe try callerNumber(at: length)
        unsafe self.start = unsafe start
        unsafe self.length = unsafe length
        unsafe byteCount = Int(Int32(bitPattern: count))
    }

    /// Both are needed. Winsock: getsockname.
    init(
        needing start: UnsafeMutableRawPointer?, _ length: UnsafeMutableRawPointer?
    ) throws(CallFailure) {
        guard let room = unsafe try Self(start, length) else { throw CallFailure(.badAddress) }
        unsafe self = unsafe room
    }

    /// WSAEFAULT, before anything is taken from the socket that could not be given to the program.
    func check(for number: Int32) throws(CallFailure) {
        let family = try asking { () throws(Errno) in try SocketCalls.family(of: number) }
        let needed: Int
        switch AddressFamily(linux: family) {
        case .internet: needed = 16
        case .internet6: needed = 28
        case .unix, nil: needed = 2
        }
        guard unsafe byteCount >= needed else {
            throw CallFailure(.badAddress, "the buffer is too small for the address")
        }
        let (start, length) = unsafe (start, length)
        try asking { () throws(Errno) in
            unsafe try CallerMemory.checkWritable(needed, at: start)
            unsafe try CallerMemory.checkWritable(4, at: length)
        }
    }

    /// Gives the program what the kernel said. Nothing for an address the kernel does not know.
    func write(linux bytes: [UInt8]) throws(CallFailure) {
        guard !bytes.isEmpty else { return }
        let address = try deciding { () throws(WSAError) in try SocketAddress(linux: bytes) }
        let whole = address.windowsBytes
        // Of a path, as much as it needs.
        guard unsafe min(whole.count, address.linuxBytes.count) <= byteCount else {
            throw CallFailure(.badAddress, "the buffer is too small for the address")
        }
        let given = unsafe Array(whole.prefix(byteCount))
        let (start, length) = unsafe (start, length)
        unsafe try giveBytes(given, to: start)
        unsafe try giveNumber(UInt32(given.count), to: length)
    }
}

/// Four bytes of the program's.
func callerNumber(at address: UnsafeRawPointer?) throws(CallFailure) -> UInt32 {
    let bytes = try asking { () throws(Errno) in unsafe try CallerMemory.read(4, at: address) }
    return word(bytes, at: 0)
}

/// A number in the order of the machine, which is little-endian wherever this library runs.
func word(_ bytes: [UInt8], at offset: Int) -> UInt32 {
    bytes[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
}

func giveBytes(_ bytes: [UInt8], to address: UnsafeMutableRawPointer?) throws(CallFailure) {
    try asking { () throws(Errno) in unsafe try CallerMemory.write(bytes, at: address) }
}

func giveNumber(_ number: UInt32, to address: UnsafeMutableRawPointer?) throws(CallFailure) {
    unsafe try giveBytes(littleEndian(number), to: address)
}

/// The bytes of a number in the order of the machine.
func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    stride(from: 0, to: Number.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: number >> $0) }
}
