import Glibc

/// The few system calls that this program makes; a failure of most ends it. Every descriptor is
/// close-on-exec.
enum Kernel {
    static func fail(_ line: String) -> Never {
        print(line, to: 2)
        exit(1)
    }

    static func print(_ line: String, to number: Int32 = 1) {
        _ = unsafe write(number, "\(line)\n", line.utf8.count + 1)
    }

    private static func check(_ result: Int32, _ call: StaticString) {
        let number = errno
        if result < 0 { fail("acceptor: \(call): error \(number)") }
    }

    private static let stream = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    private static let packets = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue)

    /// Listens on the loopback interface.
    static func listen(port: UInt16) -> Int32 {
        let listener = socket(AF_INET, stream, 0)
        check(listener, "socket")
        var one: Int32 = 1
        check(unsafe setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, 4), "setsockopt")
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeBytes(of: &address) {
            unsafe bind(listener, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, size)
        }
        check(result, "bind")
        check(Glibc.listen(listener, 512), "listen")
        return listener
    }

    static func port(of listener: Int32) -> UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutableBytes(of: &address) {
            unsafe getsockname(
                listener, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, &size)
        }
        check(result, "getsockname")
        return UInt16(bigEndian: address.sin_port)
    }

    /// The next connection; nil when the client has given up meanwhile.
    static func accept(_ listener: Int32) -> Int32? {
        let connection = Glibc.accept(listener, nil, nil)
        if connection < 0, errno == ECONNABORTED { return nil }
        check(connection, "accept")
        check(fcntl(connection, F_SETFD, FD_CLOEXEC), "fcntl")
        return connection
    }

    static func setPatience(_ socket: Int32, seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        check(unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, size), "setsockopt")
    }

    /// Whether all was taken; the other end may be gone.
    static func send(_ socket: Int32, _ bytes: [UInt8]) -> Bool {
        unsafe Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// What has been sent, at most so many bytes; none at the end, nil when there is nothing yet.
    static func receive(_ socket: Int32, atMost count: Int, _ flags: Int = 0) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        while true {
            let received = unsafe recv(socket, &bytes, count, Int32(flags))
            if received >= 0 { return Array(bytes.prefix(received)) }
            if errno == EAGAIN { return nil }
            // A reset is told once; what was sent before it is still there.
            if errno != ECONNRESET { return [] }
        }
    }

    /// Those of the descriptors that have something to receive, or an end to tell.
    static func wait(for numbers: [Int32], milliseconds: Int32) -> Set<Int32> {
        var polled = numbers.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        check(unsafe poll(&polled, nfds_t(polled.count), milliseconds), "poll")
        return Set(polled.filter { $0.revents != 0 }.map(\.fd))
    }

    /// Starts a program with one end of a SEQPACKET pair as its standard input; its pid, and the
    /// other end.
    static func spawn(_ arguments: [String]) -> (pid: Int32, channel: Int32) {
        var ends: [Int32] = [-1, -1]
        check(unsafe socketpair(AF_UNIX, packets, 0, &ends), "socketpair")
        defer { close(ends[1]) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
        var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var pid: Int32 = 0
        let error = unsafe posix_spawn(&pid, arguments[0], &actions, nil, &words, environ)
        check(-error, "posix_spawn")
        return (pid, ends[0])
    }

    static func reap(_ pid: Int32) { check(waitpid(pid, nil, 0), "waitpid") }
}
