package import Journal
package import Registry
import Winsock

/// One thing that the state is made of, by its name.
package enum Entity: Hashable, Sendable {
    /// The boot, the coordinator's epoch and the rules.
    case coordinator
    case process(ProcessNumber)
    case socket(SocketNumber)
    /// An open handoff.
    case handoff(HandoffNumber)
    /// How a handoff ended, while that is told by name.
    case ended(HandoffNumber)
    case descriptor(process: ProcessNumber, socket: SocketNumber)
    case registration(SocketNumber)
    /// An instance of the client library, by its nonce.
    case client(UInt64)

    /// `handoff.7`; a descriptor has the numbers of its process and its socket.
    package var name: String {
        switch self {
        case .coordinator: "coordinator"
        case .process(let number): "process.\(number)"
        case .socket(let number): "socket.\(number)"
        case .handoff(let number): "handoff.\(number)"
        case .ended(let number): "ended.\(number)"
        case .descriptor(let process, let socket): "descriptor.\(process).\(socket)"
        case .registration(let socket): "registration.\(socket)"
        case .client(let nonce): "client.\(nonce)"
        }
    }

    /// The list in which it stands.
    package var group: String {
        switch self {
        case .coordinator: "coordinator"
        case .process: "processes"
        case .socket: "sockets"
        case .handoff: "handoffs"
        case .ended: "ended"
        case .descriptor: "descriptors"
        case .registration: "registrations"
        case .client: "clients"
        }
    }

    private var order: (Int, UInt64, UInt64) {
        switch self {
        case .coordinator: (0, 0, 0)
        case .process(let number): (1, number, 0)
        case .socket(let number): (2, number, 0)
        case .handoff(let number): (3, number, 0)
        case .ended(let number): (4, number, 0)
        case .descriptor(let process, let socket): (5, process, socket)
        case .registration(let socket): (6, socket, 0)
        case .client(let nonce): (7, nonce, 0)
        }
    }
}

extension Entity: Comparable {
    package static func < (a: Entity, b: Entity) -> Bool { a.order < b.order }
}

/// One field of an entity.
package struct StateField: Sendable, Equatable {
    package var name: String
    package var value: FieldValue

    init(_ name: String, _ value: FieldValue) {
        self.name = name
        self.value = value
    }

    init(_ name: String, _ value: some FixedWidthInteger) {
        // Identifiers of 64 bits are decimal text, as in the bodies.
        let exact = Int64(exactly: value).flatMap { $0.magnitude < 1 << 53 ? $0 : nil }
        self.init(name, exact.map { .integer($0) } ?? .text("\(value)"))
    }

    init(_ name: String, _ value: String) { self.init(name, .text(value)) }
}

extension FieldValue {
    /// As people read it.
    package var text: String {
        switch self {
        case .integer(let number): "\(number)"
        case .text(let text): text
        case .texts(let texts): texts.joined(separator: " ")
        case .bool(let bool): bool ? "yes" : "no"
        }
    }
}

extension Registry {
    /// All that the state is made of, in its order.
    package var entities: [Entity] {
        var all: [Entity] = [.coordinator]
        all += processes.keys.map { .process($0) }
        all += sockets.keys.map { .socket($0) }
        all += handoffs.keys.map { .handoff($0) }
        all += endings.inOrder.map { .ended($0.handoff) }
        all += descriptors.keys.map { .descriptor(process: $0.process, socket: $0.socket) }
        all += registrations.keys.map { .registration($0) }
        all += clients.keys.map { .client($0) }
        return all.sorted()
    }

    /// What there is to say of an entity; empty when the state does not have it.
    package func fields(of entity: Entity) -> [StateField] {
        switch entity {
        case .coordinator: coordinatorFields
        case .process(let number): processes[number].map { Self.fields(of: $0) } ?? []
        case .socket(let number): sockets[number].map { Self.fields(of: $0) } ?? []
        case .handoff(let number): handoffs[number].map { Self.fields(of: $0) } ?? []
        case .ended(let number):
            endings[number].map {
                [StateField("how", "\($0.how)"), StateField("target", $0.target)]
            }
                ?? []
        case .descriptor(let process, let socket):
            descriptors[DescriptorKey(process: process, socket: socket)].map { from in
                [
                    StateField("count", from.count),
                    StateField(
                        "from", .texts(from.map { $0 == 0 ? "its own" : "handoff \($0)" })),
                ]
            } ?? []
        case .registration(let socket):
            registrations[socket].map {
                [
                    StateField("number", $0.number), StateField("process", $0.process),
                    StateField("mask", $0.mask),
                ]
            } ?? []
        case .client(let nonce): clients[nonce].map { Self.fields(of: $0) } ?? []
        }
    }

    private var coordinatorFields: [StateField] {
        var fields: [StateField] = []
        if let boot {
            fields += [
                StateField("boot", boot.id), StateField("kernel", boot.kernel),
                StateField("features", .texts(boot.features)),
                StateField("grade", boot.grade.rawValue),
            ]
        }
        fields.append(StateField("epoch", epoch))
        // Settings have a name of their own; the rules of the policy are told apart by their order,
        // which decides.
        var ruleCount = 0
        for line in rules.text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            guard let name = parts.first else { continue }
            let text = parts.count > 1 ? String(parts[1]) : ""
            if name == "rule" { ruleCount += 1 }
            let field = name == "rule" ? "rule_\(ruleCount)" : "rule_\(name)"
            fields.append(StateField(field, Int64(text).map { .integer($0) } ?? .text(text)))
        }
        if !exiting.isEmpty {
            fields.append(StateField("exiting", .texts(exiting.map { "\($0)" })))
        }
        return fields
    }

    private static func fields(of process: KnownProcess) -> [StateField] {
        let identity = process.identity
        var fields = [
            StateField("pid", identity.pid), StateField("uid", identity.uid),
            StateField("euid", identity.effectiveUID),
        ]
        if identity.effectiveGID != identity.gid {
            fields.append(StateField("egid", identity.effectiveGID))
        }
        if let path = identity.executable {
            fields.append(StateField("exe", String(decoding: path, as: UTF8.self)))
        }
        if let path = identity.controlGroup {
            fields.append(StateField("cgroup", String(decoding: path, as: UTF8.self)))
        }
        fields += [
            StateField("instance", "\(identity.instance)"),
            StateField("grade", identity.grade.rawValue),
            StateField("exited", .bool(process.hasExited)),
            StateField("open_handoffs", process.inbound.count),
            StateField("sockets", process.sockets.count),
        ]
        return fields
    }

    private static func fields(of socket: KnownSocket) -> [StateField] {
        let identity = socket.identity
        var fields = [
            StateField("cookie", "\(identity.cookie)"), StateField("inode", "\(identity.inode)"),
            StateField("family", identity.family), StateField("type", identity.type),
            StateField("protocol", identity.protocolNumber),
        ]
        if let local = identity.local { fields.append(StateField("local", local)) }
        if let remote = identity.remote { fields.append(StateField("remote", remote)) }
        if let quality = socket.quality { fields.append(StateField("qos", quality)) }
        fields += [
            StateField("open_handoffs", socket.openHandoffs),
            StateField("descriptors", socket.descriptors),
        ]
        return fields
    }

    private static func fields(of handoff: Handoff) -> [StateField] {
        var fields = [
            StateField("state", handoff.isReserved ? "reserved" : "issued"),
            StateField("source", handoff.source), StateField("source_uid", handoff.sourceUID),
            StateField("target", handoff.target), StateField("socket", handoff.socket),
            StateField("form", handoff.form == .ansi ? "A" : "W"),
            StateField("flags", handoff.flags), StateField("attempt", handoff.attempt),
        ]
        if let deadline = handoff.deadline { fields.append(StateField("deadline", deadline)) }
        return fields
    }

    private static func fields(of client: KnownClient) -> [StateField] {
        var fields = [
            StateField("process", client.process), StateField("watermark", client.watermark),
        ]
        for answer in client.answers {
            let text =
                switch answer.outcome {
                case .issued(let number): "issued \(number)"
                case .reserved(let number): "reserved \(number)"
                case .revoked(let number): "revoked \(number)"
                case .refused(let reason, let number):
                    number.map { "refused \($0): \(reason.name)" } ?? "refused: \(reason.name)"
                }
            fields.append(StateField("answer_\(answer.counter)", text))
        }
        return fields
    }
}
