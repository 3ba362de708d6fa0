internal import Glibc

/// How a service manager starts us and hears from us.
package enum ServiceManager {
    /// How long a manager that does not read may hold us up: clients wait for us meanwhile.
    static let patienceNanoseconds: Int64 = 1_000_000_000

    /// Sends lines such as `READY=1`, and a descriptor where one belongs to them. Does nothing
    /// where no manager listens. Throws `.again` when one has not read what it was told before for
    /// a second.
    ///
    /// sd_notify(3), sd_pid_notify_with_fds(3)
    ///
    /// - Parameter patience: whether to wait that long; otherwise it throws at once.
    package static func notify(
        _ text: String, passing descriptor: SharedDescriptor? = nil, patience: Bool = true
    ) throws(Errno) {
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
            var numbers: [CInt] = []
            descriptor?.withNumber { numbers.append($0) }
            do throws(Errno) {
                try send(text, numbers, to: fd)
            } catch .again where patience {
                var room = [PollRequest(number: fd, events: PollRequest.writable)]
                _ = try SocketCalls.poll(&room, nanoseconds: patienceNanoseconds)
                try send(text, numbers, to: fd)
            }
        }
    }

    private static func send(_ text: String, _ numbers: [CInt], to fd: CInt) throws(Errno) {
        try Syscalls.send(fd, Array(text.utf8).span, descriptors: numbers.span, wait: false)
    }

    /// Waits until the manager has worked off all that it was told, so that what came with it is
    /// its own before this process ends. False when it has not within the time.
    ///
    /// sd_notify_barrier(3)
    package static func awaitReading(milliseconds: Int32) throws(Errno) -> Bool {
        guard HostFacts.environmentVariable("NOTIFY_SOCKET") != nil else { return true }
        var pipe = try Pipe()
        guard let reader = pipe.reader.take(),
            let writer = SharedDescriptor(optional: pipe.writer.take())
        else { return false }
        try notify("BARRIER=1", passing: consume writer)
        return try reader.withNumber { (fd) throws(Errno) in
            try Syscalls.poll(fd, events: 0, timeoutMilliseconds: milliseconds) != 0
        }
    }

    /// How many descriptors the manager keeps for this unit. 0 where there is no manager, nil where
    /// it does not say: systemd tells since version 254, and only units that have a store.
    ///
    /// systemd.exec(5), $FDSTORE
    package static var storeCapacity: Int? {
        guard HostFacts.environmentVariable("NOTIFY_SOCKET") != nil else { return 0 }
        return HostFacts.environmentVariable("FDSTORE").flatMap { Int($0) }
    }

    /// A descriptor that the manager handed down, and the name it has there.
    package struct Inherited: Sendable {
        package let name: String
        package let descriptor: SharedDescriptor
    }

    /// All that the manager opened or kept for us, once: the second call gives nothing. All are
    /// close-on-exec from here on, and the variables that announce them are gone, so that no child
    /// takes them for its own.
    ///
    /// sd_listen_fds_with_names(3)
    package static func inherited() -> [Inherited] { inherited(firstNumber: firstInherited) }

    static func inherited(firstNumber first: CInt) -> [Inherited] {
        guard
            let pid = HostFacts.environmentVariable("LISTEN_PID").flatMap({ Int32($0) }),
            let count = HostFacts.environmentVariable("LISTEN_FDS").flatMap({ Int32($0) }),
            pid == getpid(), count > 0, count <= inheritedMaximum
        else { return [] }
        let names = (HostFacts.environmentVariable("LISTEN_FDNAMES") ?? "")
            .split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
        var inherited: [Inherited] = []
        for (index, number) in (first..<first + count).enumerated()
        where setCloseOnExec(number) {
            let name = index < names.count ? names[index] : ""
            inherited.append(
                Inherited(
                    name: name, descriptor: SharedDescriptor(Descriptor(owning: number))))
        }
        return inherited
    }

    /// SD_LISTEN_FDS_START
    private static let firstInherited: CInt = 3
    /// Bounds what a wrong variable can make us touch: more than there can be names for.
    private static let inheritedMaximum: CInt = 131_072

    private static func setCloseOnExec(_ number: CInt) -> Bool {
        do throws(Errno) {
            try Syscalls.setCloseOnExec(number)
            return true
        } catch {
            return false
        }
    }
}
