package import Journal
package import Registry

/// Handoffs and refusals counted under one heading each, with how long deliveries took.
package struct Report: Sendable {
    package enum Heading: String, Sendable, CaseIterable {
        /// Of the process that asked: the source; the sender of what was refused.
        case uid, exe
        /// Of refusals, failed deliveries and voided handoffs.
        case reason
        /// In UTC.
        case day, hour
    }

    package struct Row: Sendable {
        package var issued = 0
        package var delivered = 0
        package var revoked = 0
        package var expired = 0
        package var voided = 0
        /// Grants that did not arrive; their handoffs went on.
        package var failed = 0
        /// Refused requests of any kind, with those that were only counted.
        package var refused: UInt64 = 0
        /// From issue to delivery, in microseconds.
        package var latency = LatencyHistogram()
        /// The first and the last event that was counted here.
        package var sequences: ClosedRange<UInt64>

        init(_ sequence: UInt64) { sequences = sequence...sequence }
    }

    package static let kinds: [EventKind] = [
        .handoffIssued, .handoffRefused, .redemptionRefused, .handoffDelivered, .deliveryFailed,
        .handoffRevoked, .handoffExpired, .handoffVoided, .requestRefused, .requestsSuppressed,
    ]

    package let heading: Heading
    private var rows: [String: Row] = [:]
    /// Of handoffs that have not ended: when they were issued, and under which heading.
    private var open: [UInt64: (bootMicroseconds: Int64, actor: UInt64?)] = [:]
    /// Names of processes that were asked for, up to a number that a report hardly reaches.
    private var labels: [UInt64: ProcessLabel] = [:]
    private static let labelsMaximum = 65_536

    package init(by heading: Heading) { self.heading = heading }

    /// By their headings; days and hours in their order, the others by the most events.
    package var sorted: [(heading: String, row: Row)] {
        let all = rows.map { (heading: $0.key, row: $0.value) }
        switch heading {
        case .day, .hour: return all.sorted { $0.heading < $1.heading }
        case .uid, .exe, .reason:
            return all.sorted { a, b in
                let (left, right) = (a.row.weight, b.row.weight)
                return left == right ? a.heading < b.heading : left > right
            }
        }
    }

    /// Counts all events that a query finds.
    package static func of(
        _ query: HistoryQuery, by heading: Heading, in reader: LogReader
    ) throws -> Report {
        var query = query
        if query.kinds.isEmpty { query.kinds = kinds }
        var report = Report(by: heading)
        let end = try reader.eventCount()
        var next: UInt64? = 0
        while let start = next {
            let page = try reader.page(query, from: start, below: end)
            for event in page.events { try report.count(event, reader) }
            next = page.next
        }
        return report
    }

    mutating func count(_ event: StoredEvent, _ reader: LogReader) throws {
        var actor = event.actor
        var latency: Int64?
        switch event.kind {
        case .handoffIssued:
            open[event.sequence] = (event.bootMicroseconds, event.actor)
        case .handoffDelivered, .handoffRevoked, .handoffExpired, .handoffVoided:
            let issue = try issue(of: event.handoff, reader)
            actor = issue?.actor
            if event.kind == .handoffDelivered, let issue {
                latency = event.bootMicroseconds - issue.bootMicroseconds
            }
            if let handoff = event.handoff { open[handoff] = nil }
        case .deliveryFailed:
            actor = try issue(of: event.handoff, reader)?.actor
        default: break
        }
        let suppressed =
            event.kind == .requestsSuppressed ? try Self.suppressed(event, reader) : nil
        guard let name = try name(event, actor: actor, uid: suppressed?.uid, reader) else { return }
        rows[name, default: Row(event.sequence)].add(
            event, latency: latency, refusals: suppressed?.count ?? 1)
    }

    private func issue(
        of handoff: UInt64?, _ reader: LogReader
    ) throws -> (bootMicroseconds: Int64, actor: UInt64?)? {
        guard let handoff else { return nil }
        if let known = open[handoff] { return known }
        // It was issued before the events that were asked for begin.
        return try reader.storedEvent(handoff).map { ($0.bootMicroseconds, $0.actor) }
    }

    private mutating func name(
        _ event: StoredEvent, actor: UInt64?, uid: Int64?, _ reader: LogReader
    ) throws -> String? {
        switch heading {
        case .reason: return event.reason
        case .day: return String(event.time.description.prefix(10))
        case .hour: return String(event.time.description.prefix(13)) + ":00"
        case .uid:
            if let uid { return "\(uid)" }
            guard let label = try label(actor, reader) else { return "unknown" }
            return "\(label.uid)"
        case .exe: return try label(actor, reader)?.executable ?? "unknown"
        }
    }

    private mutating func label(_ number: UInt64?, _ reader: LogReader) throws -> ProcessLabel? {
        guard let number else { return nil }
        if let known = labels[number] { return known }
        let label = try reader.process(number)
        if labels.count >= Self.labelsMaximum { labels.removeAll() }
        labels[number] = label
        return label
    }

    private static func suppressed(
        _ event: StoredEvent, _ reader: LogReader
    ) throws(JournalError) -> (uid: Int64?, count: UInt64) {
        var (uid, count): (Int64?, UInt64) = (nil, 0)
        do throws(BodyError) {
            for (key, value) in try event.fields() {
                guard case .integer(let number) = value else { continue }
                if key == .uid { uid = number }
                if key == .count { count = UInt64(clamping: number) }
            }
        } catch {
            throw .damaged(
                path: reader.path, detail: "event \(event.sequence) cannot be read: \(error)")
        }
        return (uid, count)
    }
}

extension Report.Row {
    fileprivate var weight: UInt64 {
        UInt64(issued + delivered + revoked + expired + voided + failed) + refused
    }

    fileprivate mutating func add(_ event: StoredEvent, latency taken: Int64?, refusals: UInt64) {
        sequences =
            min(
                sequences.lowerBound, event.sequence)...max(
                sequences.upperBound, event.sequence)
        switch event.kind {
        case .handoffIssued: issued += 1
        case .handoffDelivered: delivered += 1
        case .handoffRevoked: revoked += 1
        case .handoffExpired: expired += 1
        case .handoffVoided: voided += 1
        case .deliveryFailed: failed += 1
        case .handoffRefused, .redemptionRefused, .requestRefused, .requestsSuppressed:
            refused += refusals
        default: break
        }
        if let taken { latency.add(taken) }
    }
}

/// Counts durations in classes that are 1/32 wide or less, so that any number of them takes the
/// same memory. A percentile is the upper end of its class.
package struct LatencyHistogram: Sendable {
    private static let classesPerDouble = 32
    private var counts: [Int] = []
    package private(set) var count = 0
    package private(set) var maximum: Int64 = 0

    package init() {}

    package mutating func add(_ value: Int64) {
        let value = max(0, value)
        let place = Self.place(UInt64(value))
        if place >= counts.count {
            counts += [Int](repeating: 0, count: place + 1 - counts.count)
        }
        counts[place] += 1
        count += 1
        maximum = max(maximum, value)
    }

    /// The duration that this share of all does not exceed; nil without any.
    package func percentile(_ share: Double) -> Int64? {
        guard count > 0 else { return nil }
        let wanted = max(1, Int((Double(count) * share).rounded(.up)))
        var seen = 0
        for (place, number) in counts.enumerated() {
            seen += number
            if seen >= wanted { return min(Int64(clamping: Self.upperEnd(place)), maximum) }
        }
        return maximum
    }

    /// Values below 64 have a class each; above, each doubling has 32.
    private static func place(_ value: UInt64) -> Int {
        guard value >= UInt64(2 * classesPerDouble) else { return Int(value) }
        let exponent = 63 - value.leadingZeroBitCount - 5
        return exponent * classesPerDouble + Int(value >> UInt64(exponent))
    }

    private static func upperEnd(_ place: Int) -> UInt64 {
        guard place >= 2 * classesPerDouble else { return UInt64(place) }
        let exponent = place / classesPerDouble - 1
        let lead = UInt64(place - exponent * classesPerDouble)
        return ((lead + 1) << UInt64(exponent)) - 1
    }
}
