internal import CLinux
internal import Glibc

/// Turns this process into another program.
package enum Programs {
    /// Where a program is: a name without a slash is looked for along PATH.
    ///
    /// Throws `.noEntry` when it is nowhere, `.accessDenied` when all that was found is not
    /// executable.
    ///
    /// access(2), environ(7)
    package static func find(_ name: String) throws(Errno) -> String {
        guard !name.isEmpty else { throw .noEntry }
        if name.utf8.contains(UInt8(ascii: "/")) { return name }
        let path = HostFacts.environmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
        var isRefused = false
        for directory in path.split(separator: ":", omittingEmptySubsequences: false) {
            // An empty entry of PATH means the current directory.
            let candidate = directory.isEmpty ? "./\(name)" : "\(directory)/\(name)"
            do throws(Errno) {
                if try Syscalls.isExecutableFile(path: candidate) { return candidate }
                isRefused = true
            } catch .noEntry, .notADirectory, .accessDenied {
                continue
            }
        }
        throw isRefused ? .accessDenied : .noEntry
    }

    /// Replaces this program; `environment` holds `NAME=value` each, nil hands ours on. Returns
    /// only by throwing.
    ///
    /// execve(2)
    package static func execute(
        path: String, arguments: [String], environment: [String]? = nil
    ) throws(Errno) -> Never {
        try Syscalls.execute(
            path: find(path), arguments: arguments, environment: environment)
    }

    /// Ends this process at once, whatever its other threads are doing.
    ///
    /// _exit(2)
    package static func end(status: Int32) -> Never {
        _exit(status)
    }
}

/// Descriptors that are no sockets and can do much, for tests that hand them over.
package enum TestingRing {
    /// Throws where the kernel has none, or the host forbids it.
    ///
    /// io_uring_setup(2)
    package static func make() throws(Errno) -> Descriptor {
        try Syscalls.descriptor { clinux_ring_descriptor() }
    }
}

/// A call on a socket that does not end, for tests: it sends from a page that never arrives.
package enum TestingOccupation {
    package static let isAllowed: Bool = {
        do throws(Errno) {
            var page: UnsafeMutableRawPointer?
            _ = try Syscalls.descriptor { unsafe clinux_unanswered_page(&page) }
            return true
        } catch {
            return false
        }
    }()

    /// Returns once a thread is in the call. Throws where the host forbids such pages.
    ///
    /// userfaultfd(2)
    package static func begin(_ socket: SharedDescriptor) throws(Errno) {
        var page: UnsafeMutableRawPointer?
        let pages = try Syscalls.descriptor { unsafe clinux_unanswered_page(&page) }
        let start = UInt(bitPattern: page)
        try Threads.start {
            socket.descriptor.withNumber { fd in
                _ = unsafe send(fd, UnsafeRawPointer(bitPattern: start), 1, 0)
            }
        }
        let number = pages.release()
        var wait = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        _ = try Syscalls.value { unsafe poll(&wait, 1, -1) }
    }
}

/// A second process of the same program, for tests that need one.
///
/// Only this thread lives on in the child. Locks that other threads held stay locked there, so the
/// body must be short and the process should have one thread: use it in an exit test.
package enum TestingFork {
    /// Runs `body` in a child, which ends with what it returns. The pid of the child.
    ///
    /// fork(2)
    package static func run(_ body: () -> Int32) throws(Errno) -> Int32 {
        let pid = try Syscalls.valueOnce { clinux_fork() }
        if pid == 0 { _exit(body()) }
        return pid
    }

    /// Waits for a child; its raw wait status.
    ///
    /// waitpid(2)
    package static func wait(_ pid: Int32) throws(Errno) -> Int32 {
        try Syscalls.reap(pid)
    }
}
