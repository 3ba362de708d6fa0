import Journal
import Registry

extension EventRow: AnswerRow {
    static let headings = RowHeadings(csv: csvHeadings, table: tableHeadings)

    static let csvHeadings = [
        "seq", "time", "event", "outcome", "reason", "handoff", "pid", "exe", "target_pid",
        "target_exe", "socket", "local", "remote",
    ]

    /// As recorded; empty where it does not apply.
    var csvCells: [String] {
        [
            "\(stored.sequence)", stored.time.description, stored.kind.name,
            stored.outcome.name, stored.reason ?? "", handoff.map { "\($0)" } ?? "",
            process.map { "\($0.pid)" } ?? "", process?.executable ?? "", targetPIDText,
            target?.executable ?? "", socketNumberText, socket?.local ?? "",
            socket?.remote ?? "",
        ]
    }

    static let tableHeadings = [
        "SEQ", "TIME", "EVENT", "OUTCOME", "HANDOFF", "PID", "PROGRAM", "TARGET", "SOCKET",
        "REASON",
    ]

    /// For people.
    var tableCells: [String] {
        [
            "\(stored.sequence)", timeText, stored.kind.name, stored.outcome.name,
            handoff.map { "\($0)" } ?? "", process.map { "\($0.pid)" } ?? "",
            process?.executable.map { PrintableText.lastComponent($0) } ?? "", targetPIDText,
            socketNumberText, PrintableText.escaped(stored.reason ?? ""),
        ]
    }

    func line(numberWidth: Int) throws -> String? { try shortLine(numberWidth: numberWidth) }

    func plainLine() throws -> String? { try textLine() }

    var rawBytes: [UInt8] { stored.body }

    private var targetPIDText: String {
        target.map { "\($0.pid)" } ?? askedPID.map { "\($0)" } ?? ""
    }

    private var socketNumberText: String {
        (stored.socket ?? socket?.number).map { "\($0)" } ?? ""
    }
}
