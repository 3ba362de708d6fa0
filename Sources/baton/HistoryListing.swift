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

    /// Oldest first, up to `end`, so that it comes to an end while the coordinator writes on. How
    /// far it came.
    mutating func write(
        from first: UInt64 = 0, below end: UInt64, count: UInt64?
    ) throws -> UInt64 {
        try writer.writeHeading()
        var next: UInt64? = first
        if let count { next = try start(ofNewest: count, below: end) }
        while let start = next {
            let page = try reader.page(
                query, from: start, below: end, lookingAt: LogReader.lookedAtMaximum)
            next = page.next
            let place = next ?? end
            if try write(page.events, upTo: place) { return place }
        }
        return end
    }

    mutating func writeBackwards(below end: UInt64, count: UInt64?) throws {
        try writer.writeHeading()
        var end: UInt64? = end
        var missing = count ?? .max
        while let start = end, missing > 0 {
            let page = try pageBackwards(below: start, missing)
            try write(page.events)
            missing -= UInt64(page.events.count)
            end = page.end
        }
    }

    /// Writes what has come since, so many events at most; where the next look begins.
    mutating func writeNew(from start: UInt64, count: UInt64?) throws -> UInt64 {
        let end = try reader.eventCount()
        var place = start
        var missing = count ?? .max
        while place < end, missing > 0 {
            let limit = Int(min(missing, UInt64(LogReader.pageRows)))
            let page = try reader.page(
                query, from: place, below: end, limit: limit,
                lookingAt: LogReader.lookedAtMaximum)
            place = page.next ?? end
            missing -= UInt64(page.events.count)
            if try write(page.events, upTo: place) { break }
            try writer.output.flush()
        }
        return place
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

    private func pageBackwards(
        below end: UInt64, _ missing: UInt64
    ) throws(JournalError) -> (events: [StoredEvent], end: UInt64?) {
        let limit = Int(min(missing, UInt64(LogReader.pageRows)))
        return try reader.pageBackwards(
            query, below: end, limit: limit, lookingAt: LogReader.lookedAtMaximum)
    }

    /// Writes a page, and says how far the listing has come: when that is known outside, the lines
    /// before it are out. Whether to stop.
    private mutating func write(_ events: [StoredEvent], upTo place: UInt64) throws -> Bool {
        try write(events)
        guard let progress else { return false }
        try writer.output.flush()
        return try progress(place)
    }

    private mutating func write(_ events: [StoredEvent]) throws {
        guard !events.isEmpty else { return }
        writtenCount += UInt64(events.count)
        var rows: [EventRow] = []
        rows.reserveCapacity(events.count)
        for event in events {
            var row = asksForWhole ? try names.wholeRow(event) : try names.row(event)
            row.reading = writer.style.reading
            rows.append(row)
        }
        try writer.write(rows)
    }
}
