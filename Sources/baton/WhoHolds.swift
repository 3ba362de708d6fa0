import ArgumentParser
import Journal
import Transport

/// Which processes have a socket now.
struct WhoHolds: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "who-holds",
        abstract: "Show which processes have a socket, also those that Baton does not know.",
        discussion: """
            It joins the log, the descriptors of all processes (/proc/PID/fd) and the kernel's own \
            list of sockets, reads them only, and needs no coordinator. As root it sees every \
            process; as another user its own ones.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json
    }

    @Argument(
        help: ArgumentHelp(
            "The number of a socket or a handoff, as history prints it; or a local address: "
                + "HOST:PORT, [HOST]:PORT, :PORT, /path or @name.",
            valueName: "socket|host:port|handoff"))
    var what: String

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: "How to write it.")
    var format = Format.table

    @OptionGroup var common: CommonOptions

    func run() throws {
        let search = try search()
        let reports = try search.reports(what)
        let output = Output.standard()
        switch format {
        case .json:
            var object = JSONObject()
            object["sockets"] = .array(reports.map(\.json))
            object["unreadable"] = .integer(Int64(search.unreadable.count))
            object["may_not_see"] = .array(search.blindSpots.map { .text($0) })
            try output.write(line: JSONValue.object(object).description)
        case .table:
            if reports.isEmpty {
                try output.write(line: "no socket that can be seen has this name")
            }
            for report in reports {
                for line in report.lines { try output.write(line: line) }
                try output.write(line: "")
            }
            try output.write(line: "may not see: " + search.blindSpots.joined(separator: "; "))
        }
        try output.flush()
    }

    /// An address can be looked for without the log too, as by a user who may not read it.
    private func search() throws -> HolderSearch {
        do {
            return try HolderSearch(reader: try common.reader())
        } catch let error as JournalError {
            guard !error.isDamage, SequenceArgument.number(what) == nil else { throw error }
            return try HolderSearch(without: error)
        }
    }
}

/// Finds the sockets that somebody asks for, and who has them.
final class HolderSearch {
    private let reader: LogReader?
    /// Why there is no reader.
    private let failure: JournalError?
    private let features = KernelFeatures.probe()
    private let boot: String
    private let coordinator: RecordedCoordinator?
    private(set) var unreadable: [Int32] = []

    init(reader: LogReader) throws {
        let boot = try HostFacts.bootID()
        self.boot = boot
        self.reader = reader
        failure = nil
        coordinator = try reader.coordinator().flatMap { $0.boot == boot ? $0 : nil }
    }

    init(without failure: JournalError) throws(Errno) {
        boot = try HostFacts.bootID()
        reader = nil
        self.failure = failure
        coordinator = nil
    }

    /// Where somebody can have a socket who is not shown.
    var blindSpots: [String] {
        let hidden = unreadable.count
        let processes = hidden == 1 ? "process" : "processes"
        let unread = "\(hidden) \(processes) whose descriptors may not be read"
        let log = failure.map { ["the log (cannot be opened: \($0))"] } ?? []
        return log + (hidden == 0 ? [] : [unread]) + [
            "other PID and network namespaces", "messages on their way (SCM_RIGHTS)", "io_uring",
            "threads with descriptors of their own",
        ]
    }

    func reports(_ what: String) throws -> [HolderReport] {
        let candidates = try candidates(what)
        let scan = try HolderScan(inodes: Set(candidates.map(\.inode)))
        unreadable = scan.unreadable
        return candidates.map { candidate in
            var report = HolderReport(
                socket: candidate.recorded, title: candidate.title, cookie: candidate.cookie,
                inode: candidate.inode,
                found: candidate.isOfEarlierBoot
                    ? []
                    : scan.holders(
                        inode: candidate.inode, cookie: candidate.cookie, features: features),
                unreadable: Set(scan.unreadable), coordinator: coordinator,
                isLogRead: reader != nil)
            if candidate.isOfEarlierBoot { report.notes.append("it ended with an earlier boot") }
            if let namespace = candidate.recorded?.networkNamespace,
                let own = NetworkNamespace.own?.inode, namespace != own
            {
                report.notes.append("it is in another network namespace (\(namespace))")
            }
            return report
        }
    }

    // MARK: - Which sockets

    private struct Candidate {
        var recorded: RecordedSocket?
        var title: String
        var cookie: UInt64
        var inode: UInt64
        var isOfEarlierBoot = false
    }

    private func candidates(_ what: String) throws -> [Candidate] {
        if let number = SequenceArgument.number(what) {
            guard let socket = try reader?.recordedSocket(number) else {
                throw CommandFailure(
                    status: .refused, message: "#\(number) is neither a socket nor a handoff",
                    hint: try hint(number))
            }
            return [candidate(socket)]
        }
        let address = try SearchedAddress(what)
        var found = try listed(address)
        let known = Set(found.map(\.cookie))
        for text in address.texts {
            for socket in try reader?.recordedSockets(boot: boot, local: text) ?? []
            where !known.contains(socket.cookie) {
                found.append(candidate(socket))
            }
        }
        return found
    }

    /// Somebody who types a number may mean a port.
    private func hint(_ number: UInt64) throws -> String {
        guard let port = UInt16(exactly: number), port > 0,
            try !listed(SearchedAddress(":\(port)")).isEmpty
        else { return "see baton history, baton list" }
        return "did you mean `:\(port)`? A socket has this local port"
    }

    private func candidate(_ socket: RecordedSocket) -> Candidate {
        Candidate(
            recorded: socket, title: socket.label.text, cookie: socket.cookie,
            inode: socket.inode, isOfEarlierBoot: socket.boot != boot)
    }

    /// What the kernel lists under this address.
    private func listed(_ address: SearchedAddress) throws -> [Candidate] {
        let diagnosis = try SocketDiagnosis()
        var found: [Candidate] = []
        func add(_ cookie: UInt64, _ inode: UInt64, _ text: String) throws {
            // 0: no descriptor has it, as what waits out its time after a close.
            guard inode != 0 else { return }
            if let socket = try reader?.recordedSocket(boot: boot, cookie: cookie) {
                found.append(candidate(socket))
            } else {
                found.append(
                    Candidate(
                        title: reader == nil ? text : "\(text), never handed over",
                        cookie: cookie, inode: inode))
            }
        }
        if address.isUnix {
            var sockets: [UnixSocket] = []
            try diagnosis.unixSockets { if address.matches($0.local) { sockets.append($0) } }
            for socket in sockets {
                try add(socket.cookie, socket.inode, "unix \(socket.local ?? "")")
            }
            return found
        }
        let kinds: [(family: Int32, protocolNumber: Int32, name: String)] = [
            (2, 6, "tcp"), (10, 6, "tcp6"), (2, 17, "udp"), (10, 17, "udp6"),
        ]
        for kind in kinds {
            var sockets: [InternetSocket] = []
            try diagnosis.internetSockets(
                family: kind.family, protocolNumber: kind.protocolNumber
            ) { if address.matches($0.local) { sockets.append($0) } }
            for socket in sockets.sorted(by: { $0.inode < $1.inode }) {
                let ends = [socket.local, socket.remote].compactMap { $0 }
                try add(
                    socket.cookie, socket.inode,
                    "\(kind.name) \(ends.joined(separator: " → "))")
            }
        }
        return found
    }
}
