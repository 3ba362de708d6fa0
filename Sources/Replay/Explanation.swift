package import Journal
import Registry

/// Why a handoff is as it is: the events that led there, in their order.
package struct Explanation: Sendable {
    package struct Link: Sendable {
        package var event: StoredEvent
        package var part: Part
    }

    /// What an event has to do with the handoff.
    package enum Part: Sendable, Equatable {
        case source
        case target
        case socket
        /// It brought the handoff into this state.
        case became(String)
        /// The input of the step in which this event is.
        case cause(of: UInt64)
        /// It asked for something, and changed nothing.
        case nothing
        /// The target closed what it had received.
        case closed
    }

    package var handoff: StoredHandoff
    package var links: [Link]

    /// The state at the end of the links, and the event since when.
    package var state: (name: String, since: UInt64)? {
        for link in links.reversed() {
            if case .became(let name) = link.part { return (name, link.event.sequence) }
        }
        return nil
    }

    /// Nil when there was no such handoff at `end`.
    package init?(of number: UInt64, at end: UInt64, in reader: LogReader) throws {
        guard number <= end, let handoff = try reader.handoff(number) else { return nil }
        self.handoff = handoff
        links = []
        for (number, part) in [
            (handoff.source.number, Part.source), (handoff.target.number, .target),
            (handoff.socket.number, .socket),
        ] {
            if let event = try reader.storedEvent(number) {
                links.append(Link(event: event, part: part))
            }
        }
        var next: UInt64? = number
        while let start = next {
            let page = try reader.life(of: handoff, from: start, below: end + 1)
            for event in page.events { links.append(Link(event: event, part: Self.part(event))) }
            next = page.next
        }
        try addCauses(in: reader)
        links.sort { $0.event.sequence < $1.event.sequence }
    }

    private static func part(_ event: StoredEvent) -> Part {
        switch event.kind {
        case .handoffIssued, .deliveryFailed: .became("issued")
        case .handoffReserved: .became("reserved")
        case .handoffDelivered: .became("delivered")
        case .handoffRevoked: .became("revoked")
        case .handoffExpired: .became("expired")
        case .handoffVoided: .became("voided")
        case .descriptorClosed: .closed
        default: .nothing
        }
    }

    private mutating func addCauses(in reader: LogReader) throws {
        var known = Set(links.map(\.event.sequence))
        for link in links where link.part != .source && link.part != .target {
            guard let cause = try link.event.cause(path: reader.path), known.insert(cause).inserted,
                let event = try reader.storedEvent(cause)
            else { continue }
            links.append(Link(event: event, part: .cause(of: link.event.sequence)))
        }
    }
}

extension StoredEvent {
    /// The first event of its step; nil for that one itself.
    func cause(path: String) throws(JournalError) -> UInt64? {
        do throws(BodyError) {
            for (key, value) in try fields() where key == .cause {
                if case .integer(let number) = value { return UInt64(exactly: number) }
            }
            return nil
        } catch {
            throw .damaged(path: path, detail: "event \(sequence) cannot be read: \(error)")
        }
    }
}
