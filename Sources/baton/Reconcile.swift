import ArgumentParser
import Baton

/// Compares the log with the processes and sockets that are there.
struct Reconcile: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have the coordinator look who still has the sockets, and record what it finds.",
        discussion: """
            It looks at the descriptors of all processes and asks the kernel for all sockets. What \
            it finds closed or released goes into the log, as does that it looked \
            (reconcile.found). It does so by itself after a start, and when it has missed something.
            """)

    @OptionGroup var document: DocumentOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let report = ReconcileReport(facts: try common.client().reconcile())
        let output = Output.standard()
        switch document.format {
        case .json: try output.write(line: report.json.description)
        case .short: for line in report.lines { try output.write(line: line) }
        }
        try output.flush()
    }
}

/// The coordinator's answer.
struct ReconcileReport {
    let facts: [(key: String, value: String)]

    private func number(_ key: String) -> Int {
        facts.first { $0.key == key }.flatMap { Int($0.value) } ?? 0
    }

    var lines: [String] {
        let released = number("released")
        let closed = number("closed")
        var lines = [
            "looked at \(Self.count(number("sockets"), "socket")) and "
                + Self.count(number("descriptors"), "descriptor"),
            closed == 0 && released == 0
                ? "all is as recorded"
                : "recorded as closed: \(Self.count(closed, "descriptor")); as released: "
                    + "\(Self.count(released, "socket")); see `baton history --seq "
                    + "\(number("event"))..`",
        ]
        let (unseen, unreadable) = (number("unseen"), number("unreadable"))
        if unseen > 0 {
            lines.append(
                "not seen: \(Self.count(unseen, "socket")) of other network namespaces or kinds")
        }
        if unreadable > 0 {
            lines.append(
                "not looked at: \(Self.count(unreadable, "process", plural: "processes")) "
                    + "whose descriptors may not be read")
        }
        if let failure = facts.first(where: { $0.key == "failure" }) {
            lines.append("ended early: \(PrintableText.escaped(failure.value))")
        }
        return lines
    }

    static func count(_ number: Int, _ word: String, plural: String? = nil) -> String {
        "\(number) \(number == 1 ? word : plural ?? word + "s")"
    }

    var json: JSONValue {
        var object = JSONObject()
        for (key, value) in facts {
            object[key] = Int64(value).map { .integer($0) } ?? .text(value)
        }
        return .object(object)
    }
}
