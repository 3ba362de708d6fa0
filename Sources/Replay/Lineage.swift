package import Journal
import Registry

/// Who passed a socket to whom: a forest, since several processes can have had it first.
package struct Lineage: Sendable {
    /// One handoff, under the newest one that had brought its source the socket when it was issued.
    package struct Hop: Sendable {
        package var handoff: StoredHandoff
        /// The place of the earlier hop; nil where the source had the socket by itself.
        package var parent: Int?
        /// 1 for what was handed on by a process that had the socket by itself.
        package var depth: Int
    }

    /// The numbers that the socket had, oldest first.
    package var numbers: [UInt64]
    package var socket: SocketLabel
    /// In the order of their issue.
    package var hops: [Hop] = []

    /// Nil when the log has no such socket.
    package init?(of number: UInt64, in reader: LogReader) throws {
        guard let socket = try reader.socket(number) else { return nil }
        self.socket = socket
        numbers = try reader.numbers(ofSocket: number)
        let handoffs = try reader.handoffs(ofSockets: numbers)
        var deliveries = try Self.deliveries(ofSockets: numbers, in: reader)[...]
        var places: [UInt64: Int] = [:]
        // What had been delivered to a process last, as the log goes on.
        var latest: [UInt64: Int] = [:]
        for handoff in handoffs {
            while let delivery = deliveries.first, delivery.sequence < handoff.number {
                deliveries.removeFirst()
                guard let number = delivery.handoff, let place = places[number] else { continue }
                latest[hops[place].handoff.target.number] = place
            }
            let parent = latest[handoff.source.number]
            let depth = (parent.map { hops[$0].depth } ?? 0) + 1
            places[handoff.number] = hops.count
            hops.append(Hop(handoff: handoff, parent: parent, depth: depth))
        }
    }

    /// The events by which handoffs of these sockets were delivered, in their order: often another
    /// order than that of the handoffs.
    private static func deliveries(
        ofSockets numbers: [UInt64], in reader: LogReader
    ) throws -> [StoredEvent] {
        var query = HistoryQuery()
        query.sockets = numbers
        query.kinds = [.handoffDelivered]
        var events: [StoredEvent] = []
        var next = numbers.first
        while let start = next {
            let page = try reader.page(query, from: start)
            events += page.events
            next = page.next
        }
        return events
    }

    /// The processes that had the socket by themselves, in the order of their first hop.
    package var origins: [ProcessLabel] {
        var found: [ProcessLabel] = []
        var known: Set<UInt64> = []
        for hop in hops where hop.parent == nil {
            if known.insert(hop.handoff.source.number).inserted { found.append(hop.handoff.source) }
        }
        return found
    }

    /// The hops of an origin or under a hop, as places in `hops`, in their order.
    package func children(of origin: ProcessLabel) -> [Int] {
        hops.indices.filter {
            hops[$0].parent == nil && hops[$0].handoff.source.number == origin.number
        }
    }

    /// For each hop those under it.
    package var childrenByParent: [[Int]] {
        var children = [[Int]](repeating: [], count: hops.count)
        for (place, hop) in hops.enumerated() {
            if let parent = hop.parent { children[parent].append(place) }
        }
        return children
    }
}
