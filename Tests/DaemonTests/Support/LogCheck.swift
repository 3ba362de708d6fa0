import GRDB
import Registry
import Testing

@testable import Journal

extension LogReader {
    func allEvents() throws -> [Event] {
        var events: [Event] = []
        var next: UInt64? = 0
        while let from = next {
            let page = try page(HistoryQuery(), from: from)
            events += try page.events.map { try DecodedEvent($0.body).event }
            next = page.next
        }
        return events
    }
}

/// What holds of every log at any time.
enum LogCheck {
    /// The fold of all events is what snapshot and tail give, and the projections say the same.
    static func run(_ path: String, location: SourceLocation = #_sourceLocation) throws {
        let reader = try LogReader(path: path)
        var folded = Registry()
        var issued: Set<UInt64> = []
        for event in try reader.allEvents() {
            try #require(event.sequence == folded.nextSequence, "no gaps", sourceLocation: location)
            folded.apply(event)
            if case .handoffIssued = event.content { issued.insert(event.sequence) }
        }
        folded.checkInvariants()
        let restored = try reader.state()
        #expect(folded.snapshot() == restored.snapshot(), sourceLocation: location)
        let rows = try reader.read { db in try Row.fetchAll(db, sql: "SELECT * FROM handoff") }
        #expect(rows.count == issued.count, sourceLocation: location)
        var forgottenCount = 0
        for row in rows {
            let number = UInt64(row["number"] as Int64)
            let state = state(of: number, in: folded)
            if state == nil { forgottenCount += 1 }
            #expect(
                state == nil || row["state"] == state, "handoff \(number)",
                sourceLocation: location)
        }
        // The registry remembers so many ends, and all that is open; the projections have all.
        let endedCount = rows.count - folded.handoffs.count
        #expect(
            forgottenCount == max(0, endedCount - Limits.endedHandoffs), sourceLocation: location)
        try checkDescriptors(reader, folded, location)
        let damage = try reader.read { db in
            try String.fetchOne(db, sql: "PRAGMA integrity_check")
        }
        #expect(damage == "ok", sourceLocation: location)
        var options = Verification.Options()
        options.isDeep = true
        let report = try Verification.run(reader, options)
        #expect(report.findings == [], sourceLocation: location)
        #expect(!report.keys.isEmpty, "there is evidence", sourceLocation: location)
    }

    private static func state(of handoff: UInt64, in registry: Registry) -> String? {
        if let open = registry.handoffs[handoff] { return open.isReserved ? "reserved" : "issued" }
        return switch registry.endings[handoff]?.how {
        case .delivered: "delivered"
        case .revoked: "revoked"
        case .expired: "expired"
        case .voided, .escrowLost: "voided"
        case nil: nil
        }
    }

    private static func checkDescriptors(
        _ reader: LogReader, _ registry: Registry, _ location: SourceLocation
    ) throws {
        let rows = try reader.read { db in
            try Row.fetchAll(db, sql: "SELECT process, socket, handoff FROM descriptor").map {
                "\($0["process"] as Int64) \($0["socket"] as Int64) \($0["handoff"] as Int64)"
            }
        }
        let known = registry.descriptors.flatMap { key, handoffs in
            handoffs.map { "\(key.process) \(key.socket) \($0)" }
        }
        #expect(rows.sorted() == known.sorted(), sourceLocation: location)
    }
}
