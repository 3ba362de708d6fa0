import ArgumentParser
import Configuration
import Journal
import Registry
import Replay
import Transport

/// Decides the past again by the rules of this program.
struct Redecide: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Decide every recorded input again, and show where the answer would differ.",
        discussion: """
            Each step is decided by the rules of this program against the state that was recorded, \
            so one difference does not lead to others. The same version of the program with the \
            same configuration finds none. Ends with 1 when there are differences. Nothing is \
            written.
            """)

    @Option(
        name: .customLong("configuration"),
        help: ArgumentHelp(
            "A configuration file to decide by, instead of what was in force at each time.",
            discussion: """
                As baton serve reads it; what it does not name has its default. Its rules, \
                strictness and limits on what is held count. What its rules would have looked at \
                and those of the time did not is not in the log: the step is decided by what was \
                known, and named as incomplete. See docs/configuration.md.
                """, valueName: "file"))
    var configuration: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Only what came after this instant.", discussion: PointArgument.forms,
            valueName: "instant"),
        transform: PointArgument.point)
    var since: Point?

    @Flag(help: "Show all differences, not only the first.")
    var all = false

    @OptionGroup var document: DocumentOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let output = Output.standard()
        let reader = try common.reader()
        let file = try configuration.map { try ConfigurationSource.read($0) }
        let redecision = try Self.run(
            reader, rules: file?.rules, since: try since?.sequence(in: reader))
        try Self.write(
            redecision, log: reader.logID, all: all,
            undecided: file.map { Self.undecided($0) } ?? [],
            document.format, to: output)
        try output.flush()
        if redecision.differenceCount > 0 { throw ExitCode(EndStatus.refused.rawValue) }
    }

    /// What a file says, and no recorded step depends on: the log has the requests that were let
    /// in, and not how many there were at the door.
    private static func undecided(_ file: ConfigurationFile) -> [String] {
        var names: [String] = []
        if file.rules.admission != Rules().admission {
            names.append("limits on connections, rates and requests in flight")
        }
        if file.rules.minimumGrade != nil { names.append("the grade") }
        if file.rules.minimumFreeBytes != nil { names.append("the least free space") }
        return names
    }

    static func run(
        _ reader: LogReader, rules: Rules? = nil, since: UInt64? = nil
    ) throws -> Redecision {
        var next = since.map { $0 + 1 } ?? 0
        let end = try reader.eventCount()
        var state = next == 0 ? Registry() : try reader.state(after: next)
        // A step is decided as a whole: the rest of one that began before is passed over.
        while next < end, let event = try reader.events(from: next, below: end, limit: 1).first,
            next > 0, event.cause != nil
        {
            state.apply(event)
            next += 1
        }
        var redecision = Redecision(from: state, rules: rules)
        while next < end {
            let events = try reader.events(from: next, below: end)
            for event in events { redecision.add(event) }
            guard let last = events.last else { break }
            next = last.sequence + 1
        }
        redecision.finish()
        return redecision
    }

    static func write(
        _ redecision: Redecision, log: String, all: Bool, undecided: [String] = [],
        _ format: DocumentFormat, to output: Output
    ) throws {
        let shown = redecision.differences.prefix(all ? Int.max : 1)
        switch format {
        case .json:
            var object = JSONObject()
            object["events"] = .unsigned(redecision.eventCount)
            object["steps"] = .unsigned(redecision.stepCount)
            object["differences"] = .unsigned(redecision.differenceCount)
            object["incomplete_inputs"] = counts(redecision.likely)
            object["as_recorded"] = counts(redecision.asRecorded)
            object["not_decided_again"] = .array(undecided.map { .text($0) })
            object["shown"] = .array(shown.map { .object(json($0)) })
            try output.write(line: JSONValue.object(object).description)
        case .short:
            for line in lines(redecision, Array(shown)) { try output.write(line: line) }
            for name in undecided {
                try output.write(line: "not decided again: \(name) of the configuration file")
            }
        }
    }

    private static func counts(_ counts: [String: UInt64]) -> JSONValue {
        .object(JSONObject(counts.sorted { $0.key < $1.key }.map { ($0.key, .unsigned($0.value)) }))
    }

    private static func lines(
        _ redecision: Redecision, _ shown: [Redecision.Difference]
    ) -> [String] {
        let count = redecision.differenceCount
        var lines = [
            "\(redecision.eventCount) events in \(redecision.stepCount) steps decided again: "
                + (count == 0
                    ? "no difference" : "\(count) difference\(count == 1 ? "" : "s")")
        ]
        for (what, number) in redecision.likely.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(number) of them without all of the input: the log lacks \(what)")
        }
        for (why, number) in redecision.asRecorded.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(number) taken as recorded: \(why)")
        }
        for difference in shown {
            lines += ["", "#\(difference.sequence)  \(time(difference))"]
            if let missing = difference.missing { lines.append("  the log lacks \(missing)") }
            lines.append("  recorded")
            lines += difference.recorded.map { "    " + text($0) }
            lines.append("  decided now")
            if difference.decided.isEmpty { lines.append("    nothing") }
            lines += difference.decided.map { "    " + text($0) }
        }
        if shown.count < redecision.differenceCount {
            lines += ["", "\(redecision.differenceCount - UInt64(shown.count)) more"]
        }
        return lines
    }

    private static func time(_ difference: Redecision.Difference) -> String {
        EventRow.timeText(Timestamp(microseconds: difference.time.wallMicroseconds))
    }

    /// The keys of its own, as the log would have them.
    private static func text(_ content: Event.Content) -> String {
        var encoder = EventEncoder(log: "")
        let time = Instant(wallMicroseconds: 0, bootMicroseconds: 0)
        let body = encoder.encode(Event(sequence: 0, time: time, cause: nil, content: content))
        let common: Set<Key> = [.v, .log, .seq, .time, .mono, .event]
        let words: [String]
        do throws(BodyError) {
            words = try BodyFields.read(body).filter { !common.contains($0.key) }.map {
                "\($0.key.name)=\(PrintableText.escaped($0.value.text))"
            }
        } catch {
            preconditionFailure("what was just encoded can be read: \(error)")
        }
        return ([content.kind.name] + words).joined(separator: "  ")
    }

    private static func json(_ difference: Redecision.Difference) -> JSONObject {
        var object = JSONObject()
        object["seq"] = .unsigned(difference.sequence)
        object["missing"] = difference.missing.map { .text($0) }
        object["recorded"] = .array(difference.recorded.map { .text(text($0)) })
        object["decided"] = .array(difference.decided.map { .text(text($0)) })
        return object
    }
}
