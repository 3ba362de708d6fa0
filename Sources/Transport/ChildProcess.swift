internal import CLinux
internal import Glibc

/// What a child process is to be. It gets the descriptors named here and no other.
package struct ChildPlan: Sendable {
    /// What becomes of standard input or output.
    package enum Stream: Sendable {
        /// The child shares ours.
        case inherited
        /// The child gets one end of a pipe, the `ChildProcess` has the other.
        case piped
        /// The child gets /dev/null.
        case discarded
    }

    package var path: String
    /// Beginning with the name that the program sees of itself.
    package var arguments: [String]
    /// `NAME=value` each; nil hands ours on.
    package var environment: [String]?
    package var standardInput = Stream.inherited
    package var standardOutput = Stream.inherited
    package var standardError = Stream.inherited
    private(set) var passed: [(source: SharedDescriptor, number: CInt)] = []

    package init(path: String, arguments: [String], environment: [String]? = nil) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
    }

    /// The child gets a duplicate of the descriptor under this number.
    package mutating func pass(
        _ descriptor: borrowing some NumberedDescriptor & ~Copyable, as number: Int32
    ) throws(Errno) {
        precondition(number >= 0, "A descriptor number is not negative.")
        precondition(
            !passed.contains { $0.number == number }, "A number names one descriptor of a child.")
        let copy = try descriptor.withNumber { (fd) throws(Errno) in try Syscalls.duplicate(fd) }
        passed.append((SharedDescriptor(copy), number))
    }
}

/// A child of this process.
package struct ChildProcess: ~Copyable, Sendable {
    package let pid: Int32
    /// Stays valid when the child is gone.
    package let handle: ProcessHandle
    /// Ours are the writing end of its input and the reading ends of its outputs, where piped.
    package var standardInput: Descriptor?
    package var standardOutput: Descriptor?
    package var standardError: Descriptor?

    /// Starts a program, with no signal blocked and none ignored. An executable that cannot be
    /// started throws here.
    ///
    /// posix_spawn(3)
    package static func spawn(_ plan: ChildPlan) throws(Errno) -> ChildProcess {
        var plan = plan
        let input = try plan.connect(plan.standardInput, as: 0, childReads: true)
        let output = try plan.connect(plan.standardOutput, as: 1, childReads: false)
        let error = try plan.connect(plan.standardError, as: 2, childReads: false)
        let pid = try Syscalls.spawn(plan)
        return ChildProcess(
            pid: pid, handle: try handle(ofChild: pid), standardInput: input,
            standardOutput: output, standardError: error)
    }

    /// A child that cannot be watched is no child: it must not stay behind.
    private static func handle(ofChild pid: Int32) throws(Errno) -> ProcessHandle {
        do throws(Errno) {
            return try ProcessHandle(pid: pid)
        } catch {
            _ = Glibc.kill(pid, SIGKILL)
            _ = try Syscalls.reap(pid)
            throw error
        }
    }

    /// Waits for the end and reaps the child; its raw wait status. Call it once.
    ///
    /// waitpid(2)
    package borrowing func wait() throws(Errno) -> Int32 {
        try Syscalls.reap(pid)
    }

    /// Sends a signal; one that has ended gets none, whoever has its number now.
    ///
    /// pidfd_send_signal(2)
    package borrowing func kill(_ signal: Int32) throws(Errno) {
        try handle.signal(signal)
    }
}

extension ChildPlan {
    /// Gives the child its end of a stream, and us the other if it is a pipe.
    fileprivate mutating func connect(
        _ stream: Stream, as number: CInt, childReads: Bool
    ) throws(Errno) -> Descriptor? {
        switch stream {
        case .inherited:
            return nil
        case .discarded:
            let null = try Syscalls.open("/dev/null", flags: childReads ? O_RDONLY : O_WRONLY)
            passed.append((SharedDescriptor(null), number))
            return nil
        case .piped:
            var pipe = try Pipe()
            let theirs = childReads ? pipe.reader.take() : pipe.writer.take()
            guard let theirs else { preconditionFailure("A new pipe has two ends.") }
            passed.append((SharedDescriptor(theirs), number))
            return childReads ? pipe.writer.take() : pipe.reader.take()
        }
    }
}

/// The two ends of a pipe.
///
/// pipe2(2)
package struct Pipe: ~Copyable {
    package var reader: Descriptor?
    package var writer: Descriptor?

    package init() throws(Errno) {
        let (reader, writer) = try Syscalls.pipe()
        self.reader = Descriptor(owning: reader)
        self.writer = Descriptor(owning: writer)
    }
}

/// How a process ended.
///
/// wait(2)
package enum ExitStatus: Sendable, Hashable {
    case code(Int32)
    case signal(Int32)

    /// Of a raw wait status; nil for one that says the process goes on.
    package init?(rawStatus: Int32) {
        let code = clinux_exit_code(rawStatus)
        let signal = clinux_ending_signal(rawStatus)
        if code >= 0 {
            self = .code(code)
        } else if signal >= 0 {
            self = .signal(signal)
        } else {
            return nil
        }
    }
}
