import ArgumentParser
import Journal
import Registry
import Replay

/// What was the case at an instant.
struct StateAt: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state",
        abstract: "Show what was the case at any instant of the past.",
        discussion: """
            Processes, sockets, open handoffs, who held which descriptor, the rules in force: \
            rebuilt from the log. The database is read directly: this also works while no \
            coordinator runs.
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The instant; without it, the newest event.",
            discussion: PointArgument.forms, valueName: "instant"),
        transform: PointArgument.point)
    var at = Point.end

    @Option(
        help: ArgumentHelp("Only what belongs to this handoff.", valueName: "number"),
        transform: HistoryFilters.number)
    var handoff: UInt64?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only what belongs to the process with this pid.", valueName: "pid"))
    var pid: Int32?

    @OptionGroup var document: DocumentOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let output = Output.standard()
        let reader = try common.reader()
        try Self.write(
            try at.sequence(in: reader), reader: reader, handoff: handoff, pid: pid,
            format: document.format, to: output)
        try output.flush()
    }

    static func write(
        _ sequence: UInt64, reader: LogReader, handoff: UInt64? = nil, pid: Int32? = nil,
        format: DocumentFormat, to output: Output
    ) throws {
        let registry = try reader.state(after: sequence + 1)
        let document = StateDocument(
            registry: registry, sequence: sequence,
            time: try reader.storedEvent(sequence)?.time,
            isWanted: StateFilter(handoff: handoff, pid: pid).wanted(in: registry))
        switch format {
        case .json: try output.write(line: JSONValue.object(document.json).description)
        case .short: for line in document.lines { try output.write(line: line) }
        }
    }
}

/// Which part of the state is looked at.
struct StateFilter {
    var handoff: UInt64?
    var pid: Int32?

    /// Nil for all of it.
    func wanted(in registry: Registry) -> Set<Entity>? {
        guard handoff != nil || pid != nil else { return nil }
        var wanted: Set<Entity> = []
        if let handoff {
            wanted.formUnion([.handoff(handoff), .ended(handoff)])
            if let open = registry.handoffs[handoff] {
                wanted.formUnion([
                    .process(open.source), .process(open.target), .socket(open.socket),
                    .descriptor(process: open.source, socket: open.socket),
                    .descriptor(process: open.target, socket: open.socket),
                ])
            }
        }
        guard let pid else { return wanted }
        for process in registry.processes.values where process.identity.pid == pid {
            wanted.insert(.process(process.number))
            wanted.formUnion(process.clients.map { .client($0) })
            for socket in process.sockets {
                wanted.insert(.socket(socket))
                wanted.insert(.descriptor(process: process.number, socket: socket))
                if registry.registrations[socket]?.process == process.number {
                    wanted.insert(.registration(socket))
                }
            }
            for handoff in registry.handoffs.values
            where handoff.source == process.number || handoff.target == process.number {
                wanted.insert(.handoff(handoff.number))
            }
        }
        return wanted
    }
}

/// The state at an instant, for a person and for a program.
struct StateDocument {
    let registry: Registry
    let sequence: UInt64
    let time: Timestamp?
    /// Nil for everything.
    let isWanted: Set<Entity>?

    private var entities: [Entity] {
        registry.entities.filter { isWanted?.contains($0) ?? true }
    }

    var lines: [String] {
        var lines = ["after #\(sequence)  \(time.map { EventRow.timeText($0) } ?? "")"]
        var group = ""
        for entity in entities {
            if entity.group != group {
                group = entity.group
                lines += ["", group]
            }
            lines.append("  " + line(entity))
        }
        return lines
    }

    private func line(_ entity: Entity) -> String {
        let fields = registry.fields(of: entity)
        let words = fields.map { field in
            "\(PrintableText.escaped(field.name)) \(text(field))"
        }
        if entity == .coordinator { return words.joined(separator: "\n  ") }
        return ([entity.name] + words).joined(separator: "  ")
    }

    /// With the pid beside the number of a process.
    private func text(_ field: StateField) -> String {
        let text = PrintableText.escaped(field.value.text)
        guard ["source", "target", "process"].contains(field.name),
            case .integer(let number) = field.value,
            let known = UInt64(exactly: number).flatMap({ registry.processes[$0] })
        else { return text }
        return "\(text) (pid \(known.identity.pid))"
    }

    var json: JSONObject {
        var object = JSONObject()
        object["seq"] = .unsigned(sequence)
        object["time"] = time.map { .text($0.description) }
        var groups: [(String, [JSONValue])] = []
        for entity in entities {
            var one = JSONObject()
            for (name, number) in entity.numbers { one[name] = JSONValue(exact: number) }
            for field in registry.fields(of: entity) { one[field.name] = field.value.json }
            if groups.last?.0 == entity.group {
                groups[groups.count - 1].1.append(.object(one))
            } else {
                groups.append((entity.group, [.object(one)]))
            }
        }
        for (name, values) in groups {
            object[name] = name == "coordinator" ? values[0] : .array(values)
        }
        return object
    }
}

extension Entity {
    /// What names it, for a program.
    var numbers: [(name: String, number: UInt64)] {
        switch self {
        case .coordinator: []
        case .process(let number): [("process", number)]
        case .socket(let number): [("socket", number)]
        case .handoff(let number), .ended(let number): [("handoff", number)]
        case .descriptor(let process, let socket): [("process", process), ("socket", socket)]
        case .registration(let socket): [("socket", socket)]
        case .client(let nonce): [("client", nonce)]
        }
    }
}
