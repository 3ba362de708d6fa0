internal import Glibc

/// How a coordinator without a keeper becomes the next one: it executes its program anew, with all
/// that is kept still open. Nothing else goes along, no memory, thread or file, so the new keeper
/// is as clean as the first was.
///
/// The table goes along in a file without a name: what both processes know, then one line an entry.
///
///     restarts lost-keeper has-stored
///     number kind label epoch
extension KeptDescriptors {
    /// Holds `pid:number`, whose the table is and its descriptor, as LISTEN_PID names its reader.
    private static let variable = "BATON_KEPT"
    private static let carried: [Fact] = [.restarts, .lostKeeper, .hasStored]

    /// Executes this process's program with these arguments. Returns only by throwing; then what
    /// is kept is no longer close-on-exec.
    ///
    /// memfd_create(2), execve(2), proc_pid_exe(5)
    package func executeAgain(arguments: [String]) throws(Errno) -> Never {
        keepLingering()
        var text = Self.carried.map { "\(self[$0])" }.joined(separator: " ") + "\n"
        for entry in entries {
            try Syscalls.keepOpenOnExec(entry.number)
            text += "\(entry.number) \(entry.kind.rawValue) \(entry.label) \(entry.epoch)\n"
        }
        let table = try Syscalls.memoryFile("baton-kept")
        let own = try table.withNumber { (fd) throws(Errno) in
            try Syscalls.write(fd, Array(text.utf8))
            try Syscalls.rewind(fd)
            try Syscalls.keepOpenOnExec(fd)
            return "\(Self.variable)=\(getpid()):\(fd)"
        }
        let others = HostFacts.environment().filter { !$0.hasPrefix("\(Self.variable)=") }
        try Syscalls.execute(
            path: "/proc/self/exe", arguments: arguments, environment: others + [own])
    }

    /// What `executeAgain` handed to this process, once; nil where nothing was. All of it is
    /// close-on-exec again.
    package static func takeOver(capacity: UInt64) throws(Errno) -> KeptDescriptors? {
        guard let value = HostFacts.environmentVariable(variable) else { return nil }
        unsafe unsetenv(variable)
        let numbers = value.split(separator: ":").compactMap { CInt($0) }
        // A child that has inherited the variable is not its reader.
        guard numbers.count == 2, numbers[0] == getpid() else { return nil }
        let table = try Descriptor(inherited: numbers[1])
        let text = String(decoding: try table.readToEnd(), as: UTF8.self)
        var lines = text.split(separator: "\n")[...]
        let facts = (lines.popFirst() ?? "").split(separator: " ").compactMap { Int32($0) }
        guard facts.count == carried.count else { throw .invalidArgument }
        // The limit can have been lowered since; what is open stays so.
        let numbersInUse = lines.compactMap { UInt64($0.prefix { $0 != " " }) }
        let needed = (numbersInUse.max() ?? 0) + 1
        let kept = try KeptDescriptors(capacity: max(capacity, needed))
        for (fact, value) in zip(carried, facts) { kept[fact] = value }
        for line in lines { try kept.take(over: line) }
        return kept
    }

    private func take(over line: Substring) throws(Errno) {
        let words = line.split(separator: " ").compactMap { UInt64($0) }
        guard words.count == 4, let number = CInt(exactly: words[0]),
            let kind = UInt32(exactly: words[1]).flatMap({ Kind(rawValue: $0) })
        else { throw .invalidArgument }
        try Syscalls.setCloseOnExec(number)
        guard set(number, kind, label: words[2], epoch: words[3]) else { throw .invalidArgument }
    }
}
