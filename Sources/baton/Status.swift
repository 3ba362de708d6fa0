import ArgumentParser
import Baton

/// What the coordinator says of itself.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask the coordinator how it is.")

    @OptionGroup var document: DocumentOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let facts = try common.client().status()
        let report = StatusReport(facts: facts + StatusGrowth.facts(of: facts))
        let output = Output.standard()
        switch document.format {
        case .json: try output.write(line: report.json.description)
        case .short: for line in report.lines { try output.write(line: line) }
        }
        try output.flush()
    }
}

/// The coordinator's answer, key by key, in its order.
struct StatusReport {
    let facts: [(key: String, value: String)]

    /// Keys whose values are numbers.
    private static let numbers: Set<String> = [
        "pid", "epoch", "keeper", "keeper_restarts", "kept", "held", "reserved", "connections",
        "processes", "sockets", "unheld_sockets", "end_overflows", "reconciles",
        "registrations",
        "events", "covered", "commits", "database_bytes", "uptime_us",
        "free_bytes", "growth_bytes_per_day", "days_until_full",
    ]

    var lines: [String] {
        let width = facts.map(\.key.count).max() ?? 0
        return facts.map { key, value in
            PrintableText.padded(PrintableText.escaped(key), to: width) + "  "
                + PrintableText.escaped(value.replacing(",", with: key == "features" ? " " : ","))
        }
    }

    var json: JSONValue {
        var object = JSONObject()
        for (key, value) in facts { object[key] = Self.json(key, value) }
        return .object(object)
    }

    private static func json(_ key: String, _ value: String) -> JSONValue {
        if key == "features" {
            return .array(value.split(separator: ",").map { .text(String($0)) })
        }
        if key == "store_full" { return .bool(value == "true") }
        if numbers.contains(key), let number = Int64(value) { return .integer(number) }
        return .text(value)
    }
}
