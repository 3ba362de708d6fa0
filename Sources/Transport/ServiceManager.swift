internal import Glibc

/// How a service manager starts us and hears from us.
package enum ServiceManager {
    /// How long a manager that does not read may hold us up: clients wait for us meanwhile.
    static let patienceNanoseconds: Int64 = 1_000_000_000

    /// Sends lines such as `READY=1`. Does nothing where no manager listens. Throws `.again` when
    /// one has not read what it was told before for a second.
    ///
    /// sd_notify(3)
    package static func notify(_ text: String) throws(Errno) {
        guard let address = HostFacts.environmentVariable("NOTIFY_SOCKET") else { return }
        var name = Array(address.utf8)
        guard let start = name.first else { return }
        switch start {
        case UInt8(ascii: "@"): name[0] = 0
        case UInt8(ascii: "/"): break
        default: throw .notSupported
        }
        let socket = try Syscalls.socket(family: AF_UNIX, type: Sockets.Kind.datagram.number)
        try socket.withNumber { (fd) throws(Errno) in
            try Syscalls.connectUnix(fd, name: name)
            do throws(Errno) {
                try send(text, to: fd)
            } catch .again {
                var room = [PollRequest(number: fd, events: PollRequest.writable)]
                _ = try SocketCalls.poll(&room, nanoseconds: patienceNanoseconds)
                try send(text, to: fd)
            }
        }
    }

    private static func send(_ text: String, to fd: CInt) throws(Errno) {
        let none: [0 of CInt] = []
        try Syscalls.send(fd, Array(text.utf8).span, descriptors: none.span, wait: false)
    }

    /// The first socket that the manager opened for us, once: the second call gives nil. What it
    /// opened beyond that stays open and unused. All are close-on-exec from here on, and the
    /// variables that announce them are gone, so that no child takes them for its own.
    ///
    /// sd_listen_fds(3)
    package static func inheritedListener() -> Descriptor? {
        inheritedListener(firstNumber: firstInherited)
    }

    static func inheritedListener(firstNumber first: CInt) -> Descriptor? {
        guard
            let pid = HostFacts.environmentVariable("LISTEN_PID").flatMap({ Int32($0) }),
            let count = HostFacts.environmentVariable("LISTEN_FDS").flatMap({ Int32($0) }),
            pid == getpid(), count > 0, count <= inheritedMaximum
        else { return nil }
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
        var isOpen = false
        for number in (first..<first + count).reversed() {
            isOpen = setCloseOnExec(number)
        }
        return isOpen ? Descriptor(owning: first) : nil
    }

    /// SD_LISTEN_FDS_START
    private static let firstInherited: CInt = 3
    /// Bounds what a wrong variable can make us touch.
    private static let inheritedMaximum: CInt = 1024

    private static func setCloseOnExec(_ number: CInt) -> Bool {
        do throws(Errno) {
            try Syscalls.setCloseOnExec(number)
            return true
        } catch {
            return false
        }
    }
}
