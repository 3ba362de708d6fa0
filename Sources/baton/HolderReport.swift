import Journal
import Registry
import Transport

/// Who has one socket: what the kernel shows, beside what the log says.
struct HolderReport {
    /// One process, with how Baton knows it.
    struct Row: Equatable {
        var pid: Int32
        var uid: UInt32?
        var executable: String?
        var descriptors: [Int32]
        var proof: Proof
        var isKnown: Bool
        var how: String
        /// By which handoffs, where it was by one.
        var handoffs: [UInt64] = []
    }

    enum Proof: String {
        /// The socket's cookie was compared.
        case cookie
        /// Only the inode is the same, as the cookie may not be asked for.
        case inode
        /// It is in the log, and was not found.
        case log
    }

    var socket: RecordedSocket?
    var title: String
    var cookie: UInt64
    var inode: UInt64
    var rows: [Row]
    /// What stands beside the table.
    var notes: [String] = []

    /// Compares the holders that were found with those that are recorded.
    ///
    /// - Parameter coordinator: of this boot.
    init(
        socket: RecordedSocket?, title: String, cookie: UInt64, inode: UInt64,
        found: [SocketHolder], unreadable: Set<Int32>, coordinator: RecordedCoordinator?,
        isLogRead: Bool = true
    ) {
        self.socket = socket
        self.title = title
        self.cookie = cookie
        self.inode = inode
        let recorded = socket?.holders ?? []
        let escrow = EscrowHolders(among: found, recorded: coordinator)
        var matched: Set<UInt64> = []
        rows = found.map { holder in
            let own = recorded.filter {
                $0.process.pid == holder.pid && $0.process.exited == nil
                    && (holder.instance == nil || $0.instance == holder.instance)
            }
            matched.formUnion(own.map(\.process.number))
            var row = Row(
                pid: holder.pid, uid: holder.uid, executable: holder.executable,
                descriptors: holder.descriptors, proof: holder.isProved ? .cookie : .inode,
                isKnown: true, how: "")
            let open = socket?.openHandoffs ?? []
            if !own.isEmpty {
                row.handoffs = own.compactMap(\.handoff)
                row.how = Self.how(own)
                let more = holder.descriptors.count - own.count
                if more > 0 { row.how += "; \(more) more that Baton does not know (dup)" }
            } else if !open.isEmpty, let name = escrow.name(of: holder.pid) {
                row.handoffs = open
                row.how = "\(name), in escrow for \(Self.names(open))"
            } else {
                row.isKnown = false
                row.how =
                    isLogRead
                    ? Self.unknown(holder, among: found, isRecorded: socket != nil)
                    : "not known without the log"
            }
            return row
        }
        addUnfound(recorded.filter { !matched.contains($0.process.number) }, unreadable)
    }

    /// What the log has and nobody found.
    private mutating func addUnfound(_ recorded: [RecordedHolder], _ unreadable: Set<Int32>) {
        for number in Set(recorded.map(\.process.number)).sorted() {
            let own = recorded.filter { $0.process.number == number }
            guard let process = own.first?.process else { continue }
            let reason =
                unreadable.contains(process.pid)
                ? "may not be looked at" : "not found: closed without a word, or ended"
            rows.append(
                Row(
                    pid: process.pid, uid: process.uid, executable: process.executable,
                    descriptors: [], proof: .log, isKnown: true,
                    how: "\(Self.how(own)); \(reason)", handoffs: own.compactMap(\.handoff)))
        }
    }

    private static func how(_ own: [RecordedHolder]) -> String {
        let handoffs = own.compactMap(\.handoff)
        let words =
            (own.contains { $0.handoff == nil } ? ["its own"] : [])
            + (handoffs.isEmpty ? [] : [names(handoffs)])
        return words.joined(separator: ", ")
    }

    private static func names(_ handoffs: [UInt64]) -> String {
        "handoff " + handoffs.map { "#\($0)" }.joined(separator: ", ")
    }

    /// Of a socket that was never handed over, whoever made it is not known either.
    private static func unknown(
        _ holder: SocketHolder, among found: [SocketHolder], isRecorded: Bool
    ) -> String {
        let parent = found.first { $0.pid == holder.parent }
        let child = parent.map { "forked child of pid \($0.pid)" }
        guard isRecorded else { return "not known to Baton" + (child.map { " (\($0))" } ?? "") }
        return "not known to Baton (\(child ?? "forked child"), or plain dup)"
    }

    // MARK: - For a person

    static let headings = ["PID", "UID", "PROGRAM", "DESCRIPTORS", "PROOF", "KNOWN AS"]

    var lines: [String] {
        var lines = [
            title,
            "inode \(inode), cookie \(cookie)"
                + (socket?.released.map { ", released \(EventRow.timeText($0))" } ?? ""),
        ]
        if rows.isEmpty {
            lines.append("  nobody that can be seen has it")
        } else {
            var table = TextTable(headings: Self.headings)
            lines += table.lines(rows.map(cells)).map { "  " + $0 }
        }
        return lines + notes.map { "  " + $0 }
    }

    private func cells(_ row: Row) -> [String] {
        [
            "\(row.pid)", row.uid.map { "\($0)" } ?? "?",
            row.executable.map { PrintableText.lastComponent($0) } ?? "?",
            row.descriptors.isEmpty
                ? "-" : row.descriptors.map { "\($0)" }.joined(separator: ","),
            row.proof.rawValue, row.how,
        ]
    }

    // MARK: - For a program

    var json: JSONValue {
        var object = JSONObject()
        object["socket"] = socket.map { .unsigned($0.label.number) }
        object["cookie"] = .text("\(cookie)")
        object["inode"] = .text("\(inode)")
        object["local"] = socket?.label.local.map { .text($0) }
        object["remote"] = socket?.label.remote.map { .text($0) }
        object["released"] = socket?.released.map { .text($0.description) }
        object["holders"] = .array(rows.map(Self.json))
        object["notes"] = notes.isEmpty ? nil : .array(notes.map { .text($0) })
        return .object(object)
    }

    private static func json(_ row: Row) -> JSONValue {
        var object = JSONObject()
        object["pid"] = .integer(Int64(row.pid))
        object["uid"] = row.uid.map { .integer(Int64($0)) }
        object["exe"] = row.executable.map { .text($0) }
        object["descriptors"] = .array(row.descriptors.map { .integer(Int64($0)) })
        object["proof"] = .text(row.proof.rawValue)
        object["known"] = .bool(row.isKnown)
        object["handoffs"] = .array(row.handoffs.map { .unsigned($0) })
        object["how"] = .text(row.how)
        return .object(object)
    }
}
