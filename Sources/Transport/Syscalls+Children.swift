internal import CLinux
internal import Glibc

extension Syscalls {
    /// Two numbers, the reading end first, which the caller owns from here on.
    ///
    /// pipe2(2)
    static func pipe() throws(Errno) -> (CInt, CInt) {
        var numbers: [2 of CInt] = [-1, -1]
        var span = numbers.mutableSpan
        try unsafe span.withUnsafeMutableBufferPointer { (buffer) throws(Errno) in
            try done { unsafe clinux_pipe(buffer.baseAddress) }
        }
        return (numbers[0], numbers[1])
    }

    /// posix_spawn(3)
    static func spawn(_ plan: ChildPlan) throws(Errno) -> Int32 {
        guard !plan.path.utf8.contains(0) else { throw .invalidArgument }
        // Copied above all the wanted numbers first: a dup2 onto a wanted number could otherwise
        // overwrite the source of a later one.
        let lowest = (plan.passed.map(\.number).max() ?? 0) + 1
        var sources: [(copy: SharedDescriptor, number: CInt)] = []
        for (source, number) in plan.passed {
            let copy = try source.withNumber { (fd) throws(Errno) in
                try duplicate(fd, atLeast: lowest)
            }
            sources.append((SharedDescriptor(copy), number))
        }
        var actions = unsafe posix_spawn_file_actions_t()
        try numbered { unsafe posix_spawn_file_actions_init(&actions) }
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (copy, number) in sources {
            try copy.withNumber { (fd) throws(Errno) in
                try numbered { unsafe posix_spawn_file_actions_adddup2(&actions, fd, number) }
            }
        }
        var attributes = posix_spawnattr_t()
        try numbered { unsafe posix_spawnattr_init(&attributes) }
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        try setDefaultSignals(&attributes)
        return try unsafe withStrings(plan.arguments) { (arguments) throws(Errno) in
            try unsafe withEnvironment(plan.environment) { (environment) throws(Errno) in
                var pid: pid_t = 0
                try numbered {
                    unsafe posix_spawn(
                        &pid, plan.path, &actions, &attributes, arguments, environment)
                }
                return pid
            }
        }
    }

    /// A child starts as if nobody had touched its signals: ours are blocked for a descriptor.
    private static func setDefaultSignals(_ attributes: inout posix_spawnattr_t) throws(Errno) {
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        try numbered { unsafe posix_spawnattr_setsigmask(&attributes, &none) }
        try numbered { unsafe posix_spawnattr_setsigdefault(&attributes, &all) }
        let flags = Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        try numbered { unsafe posix_spawnattr_setflags(&attributes, flags) }
    }

    /// Becomes another program; returns only by throwing.
    ///
    /// execve(2)
    static func execute(
        path: String, arguments: [String], environment: [String]?
    ) throws(Errno) -> Never {
        guard !path.utf8.contains(0) else { throw .invalidArgument }
        try unsafe withStrings(arguments) { (arguments) throws(Errno) in
            try unsafe withEnvironment(environment) { (environment) throws(Errno) in
                try done { unsafe execve(path, arguments, environment) }
            }
        }
        preconditionFailure("execve returned without an error.")
    }

    /// The calls of this family return their error instead of setting errno.
    private static func numbered(_ call: () -> CInt) throws(Errno) {
        let error = call()
        if error != 0 { throw Errno(rawValue: error) }
    }

    private typealias Strings = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    private static func withEnvironment<R>(
        _ environment: [String]?, _ body: (Strings?) throws(Errno) -> R
    ) throws(Errno) -> R {
        guard let environment else { return try unsafe body(clinux_environment()) }
        return try unsafe withStrings(environment) { (strings) throws(Errno) in
            try unsafe body(strings)
        }
    }

    /// Lends an array of C strings that ends with a null pointer.
    private static func withStrings<R>(
        _ strings: [String], _ body: (Strings) throws(Errno) -> R
    ) throws(Errno) -> R {
        guard !strings.contains(where: { $0.utf8.contains(0) }) else { throw .invalidArgument }
        let pointers = Strings.allocate(capacity: strings.count + 1)
        for (index, string) in strings.enumerated() { unsafe pointers[index] = strdup(string) }
        unsafe pointers[strings.count] = nil
        defer {
            for index in strings.indices { unsafe free(pointers[index]) }
            unsafe pointers.deallocate()
        }
        return try unsafe body(pointers)
    }
}
