internal import CLinux
internal import Glibc

/// A child with a copy of this process's memory and the same table of descriptors.
package struct SharingChild: Sendable {
    package let pid: Int32

    /// Where this process is after `make`.
    package enum Side: Sendable {
        case parent(SharingChild)
        case child
    }

    /// Makes one, and returns in both processes. Throws `.busy` where this process has more than
    /// one thread: the child would have the locks of the others, and nobody to give them back.
    ///
    /// clone(2), CLONE_FILES
    package static func make() throws(Errno) -> Side {
        guard try threadCount() == 1 else { throw .busy }
        let pid = try Syscalls.value { clinux_clone_sharing_descriptors() }
        return pid == 0 ? .child : .parent(SharingChild(pid: pid))
    }

    private static func threadCount() throws(Errno) -> Int64 {
        let count: Int64? = try Syscalls.withContents(of: "/proc/self/status", capacity: 8192) {
            KernelText.integer(after: "Threads:", in: $0)
        }
        guard let count else { throw .notSupported }
        return count
    }

    /// How it ended, once it has; then its number can be another's.
    ///
    /// waitpid(2), WNOHANG
    package func reapIfEnded() throws(Errno) -> ExitStatus? {
        var status: Int32 = 0
        let ended = try Syscalls.value { unsafe clinux_reap_if_ended(pid, &status) }
        return ended == 0 ? nil : ExitStatus(rawStatus: status)
    }

    /// For a child that has not been reaped.
    ///
    /// kill(2)
    package func signal(_ signal: Int32) throws(Errno) {
        try Syscalls.done { clinux_kill(pid, signal) }
    }
}

/// Signals that are waited for instead of handled.
package enum AwaitedSignals {
    /// SIGCHLD
    package static let childEnded: Int32 = SIGCHLD
    /// SIGHUP
    package static let hangUp: Int32 = SIGHUP

    /// Blocks them in this thread.
    ///
    /// pthread_sigmask(3)
    package static func block(_ signals: [Int32]) throws(Errno) {
        try Syscalls.done { unsafe clinux_block_signals(signals, signals.count) }
    }

    package static func unblock(_ signals: [Int32]) throws(Errno) {
        try Syscalls.done { unsafe clinux_unblock_signals(signals, signals.count) }
    }

    /// The next of them, or nil when the time has passed. Nil waits for ever.
    ///
    /// sigtimedwait(2)
    package static func next(
        of signals: [Int32], microseconds: Int64? = nil
    ) throws(Errno) -> Int32? {
        do throws(Errno) {
            return try Syscalls.value {
                unsafe clinux_await_signal(signals, signals.count, microseconds ?? -1)
            }
        } catch .again {
            return nil
        }
    }
}

extension HostFacts {
    /// What ps(1) shows of this process beside its arguments; at most 15 bytes.
    ///
    /// prctl(2), PR_SET_NAME
    package static func nameProcess(_ name: String) throws(Errno) {
        try Syscalls.done { unsafe clinux_name_process(name) }
    }
}
