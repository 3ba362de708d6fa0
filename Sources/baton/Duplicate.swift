import ArgumentParser
import Baton
import Evidence
import Registry
import Transport
import Winsock

/// WSADuplicateSocket from the shell.
struct Duplicate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hand a socket to a process: write the protocol info that it redeems.",
        discussion: """
            Writes exactly 628 bytes, or 372 with --ansi, to standard output: send them to the \
            target by whatever way there is. The coordinator holds the socket until then.
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The process id of the target.", valueName: "pid"))
    var pid: Int32?

    @Option(
        help: ArgumentHelp(
            "The target by a pidfd that this program inherited.", valueName: "number"))
    var pidfd: Int32?

    @Option(
        name: .customLong("fd"),
        help: ArgumentHelp("A socket that this program inherited.", valueName: "number"))
    var descriptor: Int32?

    @Option(help: ArgumentHelp("A new socket that listens here.", valueName: "host:port"))
    var listen: String?

    @Option(help: ArgumentHelp("A new socket that is connected to there.", valueName: "host:port"))
    var connect: String?

    @Option(
        help: ArgumentHelp(
            "How long the ticket is good for, in seconds, or none.", valueName: "seconds"),
        transform: Self.lifetime)
    var ttl: Lifetime = .default

    @Flag(
        name: .customLong("qos"),
        help: "Mark the socket for quality of service first: such a socket is refused.")
    var isMarked = false

    @Flag(help: "Write the A form, of 372 bytes.")
    var ansi = false

    @Flag(help: "Write base64 text instead of bytes.")
    var base64 = false

    @OptionGroup var errors: ErrorOptions
    @OptionGroup var common: CommonOptions

    struct Lifetime: Equatable {
        var duration: Duration?

        static let `default` = Lifetime(duration: .seconds(300))
    }

    func validate() throws {
        guard (pid == nil) != (pidfd == nil) else {
            throw ValidationError("name the target with --pid or with --pidfd")
        }
        guard [descriptor != nil, listen != nil, connect != nil].count(where: { $0 }) == 1 else {
            throw ValidationError("name the socket with one of --fd, --listen and --connect")
        }
        for number in [pidfd, descriptor].compactMap({ $0 }) where number < 0 {
            throw ValidationError("\(number) is not the number of a descriptor")
        }
    }

    func run() throws {
        if !base64, StandardStream.output.isTerminal {
            throw CommandFailure.usage(
                "the record is binary, and standard output is a terminal",
                hint: "give --base64, or redirect the output")
        }
        let socket = try makeSocket()
        let client = common.client()
        if isMarked { try client.markQualityOfService(socket, text: "baton duplicate --qos") }
        let form: ProtocolInfo.Form = ansi ? .ansi : .wide
        let options = DuplicateOptions(lifetime: ttl.duration, form: form)
        let info = try duplicate(socket, client, options)
        let record = info.encoded(as: form)
        let output = Output.standard()
        if base64 {
            try output.write(line: Base64.text(record))
        } else {
            try output.write(record)
        }
        try output.flush()
    }

    private func duplicate(
        _ socket: borrowing Socket, _ client: Client, _ options: DuplicateOptions
    ) throws -> ProtocolInfo {
        if let pid {
            return try client.duplicate(socket, for: .process(pid), options: options)
        }
        // Taken before the client makes descriptors of its own: one of them could get the number
        // that was named, if nothing was inherited under it.
        guard let pidfd else { preconditionFailure("validate() saw to a target") }
        return try client.duplicate(socket, for: .pidfd(pidfd), options: options)
    }

    private func makeSocket() throws -> Socket {
        if let descriptor { return Socket(owning: try Self.inherited(descriptor)) }
        return Socket(owning: try makeDescriptor().release())
    }

    /// A duplicate of an inherited descriptor, which the caller owns.
    private static func inherited(_ number: Int32) throws(CommandFailure) -> Int32 {
        do throws(Errno) {
            return try Descriptor.duplicate(ofInherited: number).release()
        } catch {
            guard error == .badDescriptor else { throw CommandFailure(error) }
            throw CommandFailure(
                refusal: .notASocket, message: "descriptor \(number) is not open")
        }
    }

    private func makeDescriptor() throws(CommandFailure) -> Descriptor {
        let endpoint = listen ?? connect ?? ""
        do throws(EndpointError) {
            return listen == nil ? try Sockets.connect(endpoint) : try Sockets.listen(endpoint)
        } catch {
            throw Self.failure(error, "\(listen == nil ? "connect to" : "listen on") \(endpoint)")
        }
    }

    static func failure(_ error: EndpointError, _ action: String) -> CommandFailure {
        switch error {
        case .malformed: .usage(error.description, hint: "for example 127.0.0.1:8080")
        case .unknownHost(let cause): .unreachable("cannot \(action): \(cause)")
        case .failed(let cause):
            CommandFailure(
                status: .unreachable, code: WinsockErrno.code(forLinux: cause.rawValue),
                message: "cannot \(action): \(cause)",
                hint: "nothing was handed over: name another address")
        }
    }

    static func lifetime(_ text: String) throws -> Lifetime {
        guard let duration = LifetimeArgument.parse(text) else {
            throw ValidationError("a lifetime is a number of seconds, or none")
        }
        return Lifetime(duration: duration)
    }
}
