import Journal
import Registry
import Replay
import Testing

@testable import baton

@Suite("What the questions about a log print")
struct OutputTests {
    @Test(arguments: [DocumentFormat.short, .json])
    func `the state while a handoff is being delivered`(_ format: DocumentFormat) throws {
        let log = try LivedLog()
        let story = log.tell()
        let reader = try log.reader()
        // Every rule in force is there, and more are to come: they are not in the expected output.
        let rules = Rules().text.split(separator: "\n").compactMap { line in
            line.split(separator: "=").first.map { "rule_\($0)" }
        }
        let all = try GoldenFile.text { output in
            try StateAt.write(
                story.delivered + 4, reader: reader, format: format, to: output)
        }
        for rule in rules { #expect(all.contains(rule)) }
        try GoldenFile.expect("state.\(format.suffix)") { output in
            guard format == .json else {
                for line in all.split(separator: "\n") where !line.hasPrefix("  rule_") {
                    try output.write(line: String(line))
                }
                return
            }
            try StateAt.write(
                story.delivered + 4, reader: reader, pid: 812, format: format, to: output)
        }
    }

    @Test func `the part of the state that belongs to a process or a handoff`() throws {
        let log = try LivedLog()
        let story = log.tell()
        let reader = try log.reader()
        let process = try GoldenFile.text { output in
            try StateAt.write(
                story.delivered + 4, reader: reader, pid: 812, format: .short, to: output)
        }
        #expect(process.contains("process.\(story.client)  pid 812"))
        #expect(process.contains("handoff.\(story.delivered)  state reserved"))
        #expect(!process.contains("pid 900"))
        let handoff = try GoldenFile.text { output in
            try StateAt.write(
                story.delivered + 4, reader: reader, handoff: story.delivered, format: .short,
                to: output)
        }
        #expect(handoff.contains("process.\(story.worker)"))
        #expect(!handoff.contains("pid 817"))
    }

    @Test(arguments: [DocumentFormat.short, .json])
    func `what changed, and by which event`(_ format: DocumentFormat) throws {
        let log = try LivedLog()
        let story = log.tell()
        let reader = try log.reader()
        try GoldenFile.expect("diff.\(format.suffix)") { output in
            let isDifferent = try Diff.write(
                story.delivered, story.revoked, reader: reader, why: true, format: format,
                to: output)
            #expect(isDifferent)
        }
        let nothing = try GoldenFile.text { output in
            let isDifferent = try Diff.write(
                story.open, story.open, reader: reader, why: true, format: .short, to: output)
            #expect(!isDifferent)
        }
        #expect(nothing == "")
    }

    @Test func `instants in the wrong order show the way back`() throws {
        let log = try LivedLog()
        let story = log.tell()
        let reader = try log.reader()
        let text = try GoldenFile.text { output in
            _ = try Diff.write(
                story.delivered, story.delivered - 1, reader: reader, why: false, format: .short,
                to: output)
        }
        #expect(text.contains("- handoff.\(story.delivered)"))
    }

    @Test(arguments: [DocumentFormat.short, .json])
    func `why a handoff is as it is`(_ format: DocumentFormat) throws {
        let log = try LivedLog()
        let story = log.tell()
        let reader = try log.reader()
        try GoldenFile.expect("why.\(format.suffix)") { output in
            for handoff in [story.delivered, story.revoked, story.voided] {
                try Why.write(
                    handoff, at: try Point.end.sequence(in: reader), reader: reader,
                    format: format, to: output)
            }
        }
        let earlier = try GoldenFile.text { output in
            try Why.write(
                story.delivered, at: story.delivered + 4, reader: reader, format: .short,
                to: output)
        }
        #expect(earlier.hasPrefix("handoff #\(story.delivered) is reserved since"))
        #expect(throws: CommandFailure(refusal: .unknownHandoff)) {
            try GoldenFile.text { output in
                try Why.write(
                    story.delivered, at: story.delivered - 1, reader: reader, format: .short,
                    to: output)
            }
        }
    }

    @Test(arguments: [DocumentFormat.short, .json])
    func `who passed a socket to whom`(_ format: DocumentFormat) throws {
        let log = try LivedLog()
        let story = log.tell()
        let reader = try log.reader()
        try GoldenFile.expect("lineage.\(format.suffix)") { output in
            try LineageVerb.write(story.socket, reader: reader, format: format, to: output)
        }
    }

    @Test(arguments: Report.Heading.allCases)
    func `a report`(_ heading: Report.Heading) throws {
        let log = try LivedLog()
        _ = log.tell()
        let reader = try log.reader()
        try GoldenFile.expect("report.\(heading.rawValue).txt") { output in
            for format in [RowFormat.table, .json, .csv] {
                try ReportVerb.write(
                    HistoryQuery(), by: heading, reader: reader, style: RowStyle(format),
                    to: output)
            }
        }
    }

    @Test(arguments: Export.Format.allCases)
    func `an export`(_ format: Export.Format) throws {
        let log = try LivedLog()
        _ = log.tell()
        let reader = try log.reader()
        try GoldenFile.expect("export.\(format.rawValue)") { output in
            let leftOut = try Export.write(
                HistoryQuery(), reader: reader, format: format, to: output)
            #expect(leftOut == 0)
        }
    }
}

extension DocumentFormat {
    var suffix: String { self == .json ? "json" : "txt" }
}
