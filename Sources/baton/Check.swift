import ArgumentParser
import Journal
import Replay

/// Compares a history with what is promised of every history.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a history for what must hold of every one.",
        discussion: """
            Each check has an id that never changes (BH001…), explained by --list and in \
            docs/checks.md. Ends with 1 when one of them finds something. This looks for \
            contradictions; whether the log is the one that was written is another question.
            """)

    @Flag(help: "List the checks, and look at no log.")
    var list = false

    @OptionGroup var document: DocumentOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let output = Output.standard()
        if list {
            try Self.writeList(document.format, to: output)
            return try output.flush()
        }
        let checker = try HistoryChecker.run(try common.reader())
        try Self.write(checker, document.format, to: output)
        try output.flush()
        if checker.findingCount > 0 { throw ExitCode(EndStatus.refused.rawValue) }
    }

    static func writeList(_ format: DocumentFormat, to output: Output) throws {
        switch format {
        case .json:
            let checks = HistoryCheck.allCases.map { check in
                JSONValue.object(
                    JSONObject([
                        ("check", .text(check.rawValue)), ("promise", .text(check.promise)),
                    ]))
            }
            let object = JSONObject([("checks", .array(checks))])
            try output.write(line: JSONValue.object(object).description)
        case .short:
            for check in HistoryCheck.allCases {
                try output.write(line: "\(check.rawValue)  \(check.promise)")
            }
        }
    }

    static func write(
        _ checker: HistoryChecker, _ format: DocumentFormat, to output: Output
    ) throws {
        let count = checker.findingCount
        switch format {
        case .json:
            var object = JSONObject()
            object["events"] = .unsigned(checker.eventCount)
            object["findings"] = .integer(Int64(count))
            object["shown"] = .array(
                checker.findings.map { finding in
                    .object(
                        JSONObject([
                            ("check", .text(finding.check.rawValue)),
                            ("seq", .unsigned(finding.sequence)),
                            ("detail", .text(finding.detail)),
                        ]))
                })
            try output.write(line: JSONValue.object(object).description)
        case .short:
            for finding in checker.findings {
                try output.write(
                    line: "\(finding.check.rawValue)  #\(finding.sequence)  "
                        + "\(finding.check.promise): \(PrintableText.escaped(finding.detail))")
            }
            let shown = checker.findings.count
            if shown < count { try output.write(line: "\(count - shown) more findings") }
            let result = count == 0 ? "nothing found" : "\(count) finding\(count == 1 ? "" : "s")"
            try output.write(
                line:
                    "\(checker.eventCount) events, \(HistoryCheck.allCases.count) checks: \(result)"
            )
        }
    }
}
