public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: select. The first argument means nothing. Sets may hold more than FD_SETSIZE sockets.
@c @implementation
public func ws2_select(
    _ nfds: Int32, _ readfds: UnsafeMutablePointer<ws2_fd_set>?,
    _ writefds: UnsafeMutablePointer<ws2_fd_set>?, _ exceptfds: UnsafeMutablePointer<ws2_fd_set>?,
    _ timeout: UnsafePointer<timeval>?
) -> Int32 {
    attempt(otherwise: socketError) { () throws(CallFailure) in
        try Library.requireStartup()
        var read = unsafe try SocketSet(readfds)
        var write = unsafe try SocketSet(writefds)
        var except = unsafe try SocketSet(exceptfds)
        guard !(read.isEmpty && write.isEmpty && except.isEmpty) else {
            throw CallFailure(.invalidArgument, "there is no socket in the sets")
        }
        var limit: Int64?
        if let timeout = unsafe timeout { limit = unsafe try nanoseconds(at: timeout) }
        var wait = SelectWait()
        wait.add(read.numbers, for: .readable)
        wait.add(write.numbers, for: .writable)
        wait.add(except.numbers, for: .exceptional)
        try asking { () throws(Errno) in try wait.run(nanoseconds: limit) }
        read.keep { wait.found($0, .readable) }
        write.keep { wait.found($0, .writable) }
        except.keep { wait.found($0, .exceptional) }
        unsafe try read.write(to: readfds)
        unsafe try write.write(to: writefds)
        unsafe try except.write(to: exceptfds)
        return Int32(read.numbers.count + write.numbers.count + except.numbers.count)
    }
}

/// Winsock: FD_ISSET.
@c @implementation
public func __WSAFDIsSet(_ fd: SOCKET, _ set: UnsafeMutablePointer<ws2_fd_set>?) -> Int32 {
    do throws(CallFailure) {
        return unsafe try SocketSet.sockets(set).contains(fd) ? 1 : 0
    } catch {
        return 0
    }
}

/// struct timeval, which is the system's. Winsock: select, timeout.
private func nanoseconds(at address: UnsafeRawPointer) throws(CallFailure) -> Int64 {
    let bytes = try asking { () throws(Errno) in unsafe try CallerMemory.read(16, at: address) }
    func long(_ offset: Int) -> Int64 {
        Int64(word(bytes, at: offset)) | Int64(word(bytes, at: offset + 4)) << 32
    }
    guard long(0) >= 0, long(8) >= 0 else {
        throw CallFailure(.invalidArgument, "the time limit is less than nothing")
    }
    // Longer than anybody waits.
    let seconds = min(long(0), 1 << 32)
    return seconds * 1_000_000_000 + min(long(8), 1 << 52) * 1000
}

/// A program's fd_set: a number, and as many sockets. Winsock: fd_set.
private struct SocketSet {
    /// The descriptors, in the order of the program.
    private(set) var numbers: [Int32] = []

    var isEmpty: Bool { numbers.isEmpty }

    init(_ address: UnsafeRawPointer?) throws(CallFailure) {
        for socket in unsafe try Self.sockets(address) {
            numbers.append(try Library.descriptor(of: socket))
        }
    }

    static func sockets(_ address: UnsafeRawPointer?) throws(CallFailure) -> [SOCKET] {
        guard let address = unsafe address else { return [] }
        let count = Int(unsafe try callerNumber(at: address))
        guard count <= largestCount else {
            throw CallFailure(.badAddress, "a set has at most \(largestCount) sockets")
        }
        let bytes = try asking { () throws(Errno) in
            unsafe try CallerMemory.read(8 * count, at: address + offset)
        }
        return (0..<count).map {
            SOCKET(word(bytes, at: 8 * $0)) | SOCKET(word(bytes, at: 8 * $0 + 4)) << 32
        }
    }

    mutating func keep(_ isWanted: (Int32) -> Bool) {
        numbers = numbers.filter(isWanted)
    }

    func write(to address: UnsafeMutableRawPointer?) throws(CallFailure) {
        guard let address = unsafe address else { return }
        let bytes = numbers.flatMap { littleEndian(SOCKET($0)) }
        unsafe try giveNumber(UInt32(numbers.count), to: address)
        unsafe try giveBytes(bytes, to: address + Self.offset)
    }

    private static let offset = 8
    /// What a process can have open; a set that claims more was never filled in.
    private static let largestCount = 1 << 20
}
