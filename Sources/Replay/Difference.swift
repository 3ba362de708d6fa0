package import Journal
package import Registry

/// What changed of one field between two states.
package struct FieldChange: Sendable, Equatable {
    package var entity: Entity
    package var field: String
    /// Nil where the state does not have it.
    package var before: FieldValue?
    package var after: FieldValue?
    /// The event that last set it; nil until it is looked for.
    package var sequence: UInt64?

    /// `handoff.7.state`
    package var path: String { "\(entity.name).\(field)" }
}

package enum Difference {
    /// The fields that differ, in the order of the state. `next` alone, the number of the next
    /// event, is not one of them: it differs between any two instants.
    package static func between(
        _ before: borrowing Registry, _ after: borrowing Registry
    ) -> [FieldChange] {
        let entities = Set(before.entities).union(after.entities).sorted()
        return entities.flatMap { entity in
            changes(of: entity, before.fields(of: entity), after.fields(of: entity))
        }
    }

    static func changes(
        of entity: Entity, _ before: [StateField], _ after: [StateField]
    ) -> [FieldChange] {
        guard before != after else { return [] }
        let (old, new) = (values(before), values(after))
        let added = after.filter { old[$0.name] == nil }
        return (before + added).compactMap { field in
            let (was, now) = (old[field.name], new[field.name])
            guard was != now else { return nil }
            return FieldChange(entity: entity, field: field.name, before: was, after: now)
        }
    }

    private static func values(_ fields: [StateField]) -> [String: FieldValue] {
        Dictionary(fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// Between the states at two events, `first` not after `second`. With `why`, each change names
    /// the event that last set the field.
    package static func between(
        _ first: UInt64, _ second: UInt64, in reader: LogReader, why: Bool
    ) throws -> [FieldChange] {
        precondition(first <= second, "the caller puts them in order")
        var registry = try reader.state(after: first + 1)
        var found = between(registry, try reader.state(after: second + 1))
        guard why, !found.isEmpty else { return found }
        let changed = Set(found.map(\.entity))
        var last: [String: UInt64] = [:]
        var next = first + 1
        while next <= second {
            let events = try reader.events(from: next, below: second + 1)
            guard let newest = events.last else { break }
            for event in events {
                for change in apply(event, to: &registry, among: changed) {
                    last[change.path] = event.sequence
                }
            }
            next = newest.sequence + 1
        }
        for index in found.indices { found[index].sequence = last[found[index].path] }
        return found
    }

    /// Applies one event, and says what it changed; of these entities only, where some are named.
    package static func apply(
        _ event: Event, to registry: inout Registry, among wanted: Set<Entity>? = nil
    ) -> [FieldChange] {
        var touched = registry.touched(by: event)
        if let wanted { touched.formIntersection(wanted) }
        let order = touched.sorted()
        let before = order.map { registry.fields(of: $0) }
        registry.apply(event)
        return zip(order, before).flatMap { entity, fields in
            changes(of: entity, fields, registry.fields(of: entity))
        }
    }
}

extension Registry {
    /// What an event can change, rather more than less: found without looking at all of the state.
    func touched(by event: Event) -> Set<Entity> {
        var found: Set<Entity> = [.coordinator]
        func add(process: ProcessNumber) {
            found.insert(.process(process))
            // With its process, once that has left nothing behind, a client is forgotten.
            for nonce in processes[process]?.clients ?? [] { found.insert(.client(nonce)) }
        }
        func add(process: ProcessNumber, socket: SocketNumber) {
            add(process: process)
            found.insert(.socket(socket))
            found.insert(.registration(socket))
            found.insert(.descriptor(process: process, socket: socket))
        }
        func add(handoff number: HandoffNumber) {
            found.insert(.handoff(number))
            found.insert(.ended(number))
            // One more end can push out the oldest.
            if let oldest = endings.nextForgotten { found.insert(.ended(oldest)) }
            guard let handoff = handoffs[number] else { return }
            add(process: handoff.source, socket: handoff.socket)
            add(process: handoff.target, socket: handoff.socket)
        }
        let columns = EventColumns(event)
        if let handoff = columns.handoff { add(handoff: handoff) }
        for process in [columns.actor, columns.target].compactMap(\.self) {
            add(process: process)
            if let socket = columns.socket { add(process: process, socket: socket) }
        }
        if let socket = columns.socket {
            found.formUnion([.socket(socket), .registration(socket)])
        }
        // A process or socket that is seen again keeps its first number.
        switch event.content {
        case .processSeen(let identity):
            if let known = processNumber(instance: identity.instance) { add(process: known) }
        case .socketSeen(let identity):
            if let known = socketNumber(cookie: identity.cookie) { found.insert(.socket(known)) }
        default: break
        }
        if let nonce = event.content.request?.nonce { found.insert(.client(nonce)) }
        return found
    }
}

extension Event.Content {
    /// The id of the request that this event answers.
    package var request: RequestID? {
        switch self {
        case .handoffIssued(let issued): issued.request
        case .handoffRefused(let refused): refused.request
        case .handoffReserved(let reserved): reserved.request
        case .redemptionRefused(let refused): refused.request
        case .handoffRevoked(let revoked): revoked.request
        case .requestRefused(let refused): refused.request
        default: nil
        }
    }
}
