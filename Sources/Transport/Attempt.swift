internal import CLinux
internal import Glibc

/// Runs what may end its process, in another one.
///
/// Only this thread lives on in the child. Locks that other threads held stay locked there, so it
/// is for programs with one thread.
package enum Attempt {
    /// How a child ended that did this; it ends with the code that `body` returns.
    ///
    /// fork(2), setrlimit(2)
    /// - Parameter isQuiet: what it writes to standard error is dropped, and a signal that ends it
    ///   is not explained.
    package static func run(
        isQuiet: Bool = false, _ body: () -> Int32
    ) throws(Errno) -> ExitStatus {
        let pid = try Syscalls.valueOnce { clinux_fork() }
        if pid == 0 {
            if isQuiet { becomeQuiet() }
            _exit(body())
        }
        guard let status = ExitStatus(rawStatus: try Syscalls.reap(pid)) else {
            preconditionFailure("A reaped child has ended.")
        }
        return status
    }

    private static func becomeQuiet() {
        for fatal in [SIGILL, SIGTRAP, SIGABRT, SIGSEGV] { _ = signal(fatal, SIG_DFL) }
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        do throws(Errno) {
            let null = try Syscalls.open("/dev/null", flags: O_WRONLY)
            _ = null.withNumber { dup2($0, StandardStream.error.rawValue) }
        } catch {
            // Then it is not quiet.
        }
    }
}
