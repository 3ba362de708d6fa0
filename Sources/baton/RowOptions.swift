import ArgumentParser
import Journal

/// How many answers are written, one after the other.
enum RowFormat: String, ExpressibleByArgument, CaseIterable {
    case short, full, json, csv, tsv, table, raw, cat

    /// For people: what a terminal would obey is escaped, and times and users can be interpreted.
    var isForEyes: Bool {
        switch self {
        case .short, .full, .table, .cat: true
        case .json, .csv, .tsv, .raw: false
        }
    }

    /// What only a line of the log can be.
    var isOfEvents: Bool { self == .raw || self == .cat }

    var hasColumns: Bool {
        switch self {
        case .json, .csv, .tsv, .table: true
        case .short, .full, .raw, .cat: false
        }
    }
}

/// How rows are written: the format, and what was asked of it.
struct RowStyle {
    var format: RowFormat
    /// One JSON document instead of one a line.
    var isArray = false
    /// The columns by their names, in their order; nil for those that the format has by itself.
    var fields: [String]?
    var reading = Reading()

    init(_ format: RowFormat) { self.format = format }
}

/// The options of every verb that writes rows.
struct RowOptions: ParsableArguments {
    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp(
            "How to write them.",
            discussion: """
                json is one object a line. raw and cat are for events: the exact bytes that the \
                evidence is of, a line each; the text alone, without number and time.
                """, valueName: "format"))
    var format: RowFormat?

    @Flag(name: .customLong("json-array"), help: "One JSON document: an array of the objects.")
    var isArray = false

    @Option(
        help: ArgumentHelp(
            "These columns in this order, in json, csv, tsv and table (which it implies).",
            valueName: "a,b,c"))
    var fields: [String] = []

    @Flag(
        name: .customLong("local"),
        help: "Times by the clock of this host, for eyes only; what programs read is in UTC.")
    var isLocal = false

    @Flag(
        name: [.customShort("i"), .customLong("interpret")],
        help: "Name users as this host knows them now, for eyes only; the log has numbers.")
    var interprets = false

    func validate() throws {
        let format = chosen ?? .table
        if isArray, format != .json {
            throw ValidationError("--json-array is JSON: without -o, or with -o json")
        }
        if !fields.isEmpty, !format.hasColumns {
            throw ValidationError("--fields chooses the columns of json, csv, tsv and table")
        }
        if isLocal || interprets, let chosen, !chosen.isForEyes {
            throw ValidationError(
                "--local and -i are for eyes: \(chosen.rawValue) has what was recorded, in UTC")
        }
    }

    private var chosen: RowFormat? {
        if let format { return format }
        if isArray { return .json }
        return fields.isEmpty ? nil : .table
    }

    /// - Parameters:
    ///   - usual: the verb's format, when none was asked for.
    ///   - names: of the columns that it has; nil where they are not known before.
    func style(usually usual: RowFormat, names: [String]?) throws -> RowStyle {
        var style = RowStyle(chosen ?? usual)
        style.isArray = isArray
        style.reading = Reading(isLocal: isLocal, namesUsers: interprets)
        guard !fields.isEmpty else { return style }
        let fields = fields.flatMap {
            $0.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
        }
        guard let names else {
            throw ValidationError("a statement chooses its own columns: without --fields")
        }
        if let unknown = fields.first(where: { !names.contains($0) }) {
            throw ValidationError(
                "there is no field “\(unknown)”; there are \(names.joined(separator: ", "))")
        }
        style.fields = fields
        return style
    }
}
