internal import CLinux

/// What is done around every fork(2) of this process.
package enum Forks {
    /// The three are called for the life of the process; in the child only what is
    /// async-signal-safe is sound.
    ///
    /// pthread_atfork(3)
    package static func watch(
        before: @escaping @convention(c) () -> Void,
        inParent: @escaping @convention(c) () -> Void,
        inChild: @escaping @convention(c) () -> Void
    ) throws(Errno) {
        try Syscalls.done { clinux_at_fork(before, inParent, inChild) }
    }
}
