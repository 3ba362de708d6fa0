import Journal

/// Goes through the matching events, a page at a time.
struct HistoryListing {
    let reader: LogReader
    let query: HistoryQuery
    var writer: RowWriter
    /// Told after each page that was written how far the listing has come, whether anything was
    /// found or not; says whether to stop there.
    var progress: ((UInt64) throws -> Bool)?
    private let names: NameBook
    private let asksForWhole: Bool
    /// How many events were found.
    private(set) var writtenCount: UInt64 = 0
    /// The first events that are missing, and how many are.
    private var firstGap: Range<UInt64>?
    private var missingCount: UInt64 = 0

    /// - Parameter end: how many events the log has, as far as it is known.
    init(
        reader: LogReader, query: HistoryQuery, style: RowStyle, output: Output, end: UInt64
    ) {
        self.reader = reader
        self.query = query
        writer = RowWriter(
            style: style, output: output, headings: EventRow.headings,
            largestNumber: end > 0 ? end - 1 : 0)
        asksForWhole = style.fields != nil || style.format == .full
        names = NameBook(reader)
    }

    /// Oldest first, up to `end`, so that it comes to an end while the coordinator writes on; the
    /// newest `count` of them, and at most `limit`. How far it came.
    mutating func write(
        from first: UInt64 = 0, below end: UInt64, count: UInt64?, limit: UInt64? = nil
    ) throws -> UInt64 {
        try writer.writeHeading()
        var next: UInt64? = first
        if let count { next = try start(ofNewest: count, below: end) }
        var missing = limit ?? .max
        while let start = next {
            if missing == 0 { return start }
            let limit = Int(min(missing, UInt64(LogReader.pageRows)))
            let page = try flushingBeforeFailure { () throws(JournalError) in
                try reader.page(
                    query, from: start, below: end, limit: limit, lookingAt: lookedAtMaximum)
            }
            missing -= UInt64(page.events.count)
            next = page.next
            let place = next ?? end
            if try write(page.events, upTo: place, from: start) { return place }
        }
        return end
    }

    mutating func writeBackwards(below end: UInt64, count: UInt64?) throws {
        try writer.writeHeading()
        var end: UInt64? = end
        var missing = count ?? .max
        while let start = end, missing > 0 {
            let page = try flushingBeforeFailure { () throws(JournalError) in
                try pageBackwards(below: start, missing)
            }
            try write(page.events, in: (page.end ?? 0)..<start, isReversed: true)
            missing -= UInt64(page.events.count)
            end = page.end
        }
    }

    /// Writes what has come since, at most so many events; where the next look begins.
    mutating func writeNew(from start: UInt64, limit: UInt64?) throws -> UInt64 {
        let end = try reader.eventCount()
        guard start < end else { return start }
        let place = try write(from: start, below: end, count: nil, limit: limit)
        try writer.output.flush()
        return place
    }

    /// How many events there are still to come of so many.
    func missing(of wanted: UInt64?) -> UInt64? {
        wanted.map { $0 - min($0, writtenCount) }
    }

    /// What there is to say at the end of a listing that had gaps.
    var gapFailure: CommandFailure? {
        guard let firstGap else { return nil }
        let count = firstGap.upperBound - firstGap.lowerBound
        let more = missingCount - count
        return CommandFailure(
            status: .incomplete,
            message: "the log has no \(RowWriter.words(firstGap))"
                + (more > 0 ? ", nor \(more) other\(more == 1 ? "" : "s")" : ""),
            hint: "baton verify tells whether they were signed; --allow-gap lists without them")
    }

    /// What follows the last event.
    mutating func finish() throws {
        try writer.finish()
        try writer.output.flush()
    }

    /// The number of the oldest among the newest so many; nil when there are none. Only a page of
    /// events is kept, however many are wanted.
    private func start(ofNewest count: UInt64, below end: UInt64) throws -> UInt64? {
        var oldest: UInt64?
        var missing = count
        var end: UInt64? = end
        while let start = end, missing > 0 {
            let page = try pageBackwards(below: start, missing)
            missing -= UInt64(page.events.count)
            oldest = page.events.last?.sequence ?? oldest
            end = page.end
        }
        return oldest
    }

    /// What was listed before an event that cannot be read is printed before the failure is told.
    private func flushingBeforeFailure<R>(_ read: () throws(JournalError) -> R) throws -> R {
        do throws(JournalError) {
            return try read()
        } catch {
            try writer.output.flush()
            throw error
        }
    }

    private func pageBackwards(
        below end: UInt64, _ missing: UInt64
    ) throws(JournalError) -> (events: [StoredEvent], end: UInt64?) {
        let limit = Int(min(missing, UInt64(LogReader.pageRows)))
        return try reader.pageBackwards(
            query, below: end, limit: limit, lookingAt: lookedAtMaximum)
    }

    /// A page of all events is full after as many: what is between them is missing, however wide.
    private var lookedAtMaximum: UInt64 { query.isWhole ? .max : LogReader.lookedAtMaximum }

    /// Writes a page, and says how far the listing has come: when that is known outside, the lines
    /// before it are out. Whether to stop.
    private mutating func write(
        _ events: [StoredEvent], upTo place: UInt64, from start: UInt64
    ) throws -> Bool {
        try write(events, in: start..<place, isReversed: false)
        guard let progress else { return false }
        try writer.output.flush()
        return try progress(place)
    }

    /// Writes a page, with the gaps in the part of the log that it is of.
    private mutating func write(
        _ events: [StoredEvent], in whole: Range<UInt64>, isReversed: Bool
    ) throws {
        var rest = events[...]
        let gaps = query.gaps(in: whole, beside: isReversed ? events.reversed() : events)
        for gap in isReversed ? gaps.reversed() : gaps {
            let before = rest.prefix {
                isReversed
                    ? $0.sequence > gap.lowerBound
                    : $0.sequence < gap.lowerBound
            }
            try write(before)
            rest = rest.dropFirst(before.count)
            try writer.writeGap(gap)
            firstGap = firstGap ?? gap
            missingCount += gap.upperBound - gap.lowerBound
        }
        try write(rest)
    }

    private mutating func write(_ events: ArraySlice<StoredEvent>) throws {
        guard !events.isEmpty else { return }
        writtenCount += UInt64(events.count)
        var rows: [EventRow] = []
        rows.reserveCapacity(events.count)
        for event in events {
            var row = try row(event)
            row.reading = writer.style.reading
            rows.append(row)
        }
        try writer.write(rows)
    }

    /// Raw bytes are for whoever looks into a damage, so that nothing is read out of them.
    private func row(_ event: StoredEvent) throws(JournalError) -> EventRow {
        guard writer.style.format != .raw else { return EventRow(stored: event, fields: []) }
        return asksForWhole ? try names.wholeRow(event) : try names.row(event)
    }
}
