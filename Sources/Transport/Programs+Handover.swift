internal import Glibc

extension Programs {
    /// Where a program is that can be executed, so that `execute` has little left to fail on.
    ///
    /// Throws `.noEntry` when it is nowhere, `.accessDenied` when it is not executable.
    ///
    /// access(2)
    package static func locate(_ name: String) throws(Errno) -> String {
        let path = try find(name)
        guard try Syscalls.isExecutableFile(path: path) else { throw .accessDenied }
        return path
    }

    /// Changes the environment that `execute` hands on; nil removes the variable. For a process
    /// with one thread.
    ///
    /// setenv(3), unsetenv(3)
    package static func setEnvironmentVariable(
        _ name: String, to value: String?
    ) throws(Errno) {
        try Syscalls.done {
            guard let value else { return unsafe unsetenv(name) }
            return unsafe setenv(name, value, 1)
        }
    }
}

extension Descriptor {
    /// A descriptor of what this process was started with under a number, close-on-exec. The number
    /// itself stays open.
    ///
    /// fcntl(2), F_DUPFD_CLOEXEC
    package static func duplicate(ofInherited number: Int32) throws(Errno) -> Descriptor {
        try Syscalls.duplicate(number)
    }

    /// Puts what this owns under a number, where the next program finds it: whatever had that
    /// number is closed, and the number is not close-on-exec.
    ///
    /// dup2(2), fcntl(2)
    package consuming func place(at number: Int32) throws(Errno) {
        precondition(number >= 0, "A descriptor number is not negative.")
        let own = release()
        if own == number {
            // dup2 would leave close-on-exec as it is.
            try Syscalls.keepOpenOnExec(own)
        } else {
            defer { Syscalls.close(own) }
            _ = try Syscalls.value { dup2(own, number) }
        }
    }
}
