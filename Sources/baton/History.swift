import ArgumentParser
import Journal
import Transport

/// What happened, from the log.
struct History: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what happened: every request, delivery, refusal and close.",
        discussion: """
            All events, oldest first, unless filters say less. A filter given twice means "or", \
            different filters mean "and". The database is read directly: this also works while \
            no coordinator runs.
            """)

    @OptionGroup var filters: HistoryFilters

    @Option(
        name: [.customShort("n", allowingJoined: true), .customLong("lines")],
        help: ArgumentHelp("Only the newest of them, this many.", valueName: "count"))
    var count: UInt64?

    @Flag(name: [.customShort("r"), .customLong("reverse")], help: "Newest first.")
    var isReversed = false

    @Flag(
        name: [.customShort("f"), .customLong("follow")],
        help: "Go on with new events as they come, until interrupted.")
    var isFollowing = false

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: "How to write them.")
    var format = RowFormat.short

    @OptionGroup var place: CursorOptions

    @Option(
        help: ArgumentHelp(
            "With -f, end after this many events.", valueName: "count"))
    var untilMatch: UInt64?

    @Option(
        help: ArgumentHelp(
            "With -f, end after this time: then the status is 1.", valueName: "seconds"))
    var timeout: UInt32?

    @Flag(help: "End with status 1 when nothing was found.")
    var exitCode = false

    @Option(
        help: ArgumentHelp(
            "Ask the database itself, instead of listing events.",
            discussion: """
                One SELECT, on a connection that cannot write, with a limit on rows and work. The \
                views v_events, v_handoffs and v_open are made for reading.
                """, valueName: "statement"))
    var sql: String?

    func validate() throws {
        if isReversed && isFollowing {
            throw ValidationError("-r and -f do not go together: what is to come has no newest")
        }
        if !isFollowing, untilMatch != nil || timeout != nil {
            throw ValidationError("--until-match and --timeout say when -f ends")
        }
        if place.isUsed, isReversed || count != nil {
            throw ValidationError("a cursor goes on from where it stands: without -r and -n")
        }
        if place.shows, format == .csv || format == .table {
            throw ValidationError("a cursor has no row in a table; --cursor-file keeps one")
        }
        if sql != nil, isFollowing || isReversed || count != nil || place.isUsed || place.shows {
            throw ValidationError("--sql stands alone, with -o and --database")
        }
    }

    func run() throws {
        // Before any other thread exists, or the signals could still go to one of them.
        let signals = isFollowing ? try Following.signals() : nil
        let reader = try filters.reader()
        if let sql { return try SQLAnswer.write(sql, reader, format, to: .standard()) }
        let end = try reader.eventCount()
        let first = try place.start(of: reader, count: end)
        var listing = HistoryListing(
            reader: reader, query: filters.query,
            writer: RowWriter(
                format: format, output: .standard(), largestNumber: end > 0 ? end - 1 : 0))
        if isReversed {
            try listing.writeBackwards(below: end, count: count)
        } else {
            try listing.write(from: first, below: end, count: count)
        }
        try place.save(HistoryCursor(log: reader.logID, next: end))
        guard let signals else { return try finish(listing, next: end) }
        let following = Following(
            signals: signals, untilMatch: untilMatch, timeoutSeconds: timeout,
            save: { next in try place.save(HistoryCursor(log: reader.logID, next: next)) })
        let (ending, next) = try following.run(&listing, from: end)
        try finish(listing, next: next)
        throw ExitCode(ending)
    }

    private func finish(_ listing: HistoryListing, next: UInt64) throws {
        if place.shows {
            let cursor = HistoryCursor(log: listing.reader.logID, next: next)
            try listing.writer.output.write(
                line: format == .json
                    ? JSONValue.object(JSONObject([("cursor", .text("\(cursor)"))])).description
                    : "-- cursor: \(cursor)")
            try listing.writer.output.flush()
        }
        if exitCode, listing.writtenCount == 0 { throw ExitCode(EndStatus.refused.rawValue) }
    }
}

/// Goes through the matching events, a page at a time.
struct HistoryListing {
    let reader: LogReader
    let query: HistoryQuery
    var writer: RowWriter
    private let names: NameBook
    /// How many events were found.
    private(set) var writtenCount: UInt64 = 0

    init(reader: LogReader, query: HistoryQuery, writer: RowWriter) {
        self.reader = reader
        self.query = query
        self.writer = writer
        names = NameBook(reader)
    }

    /// Oldest first, up to `end`, so that it comes to an end while the coordinator writes on.
    mutating func write(
        from first: UInt64 = 0, below end: UInt64, count: UInt64?
    ) throws {
        try writer.writeHeading()
        var next: UInt64? = first
        if let count { next = try start(ofNewest: count, below: end) }
        while let start = next {
            let page = try reader.page(query, from: start, below: end)
            try write(page.events)
            next = page.next
        }
        try finish()
    }

    mutating func writeBackwards(below end: UInt64, count: UInt64?) throws {
        try writer.writeHeading()
        var end: UInt64? = end
        var missing = count ?? .max
        while let start = end, missing > 0 {
            let limit = Int(min(missing, UInt64(LogReader.pageRows)))
            let page = try reader.pageBackwards(query, below: start, limit: limit)
            try write(page.events)
            missing -= UInt64(page.events.count)
            end = page.end
        }
        try finish()
    }

    /// Writes what has come since, line by line; where the next look begins.
    mutating func writeNew(
        from start: UInt64, shouldStop: (_ found: UInt64) throws -> Bool
    ) throws -> UInt64 {
        let end = try reader.eventCount()
        var next: UInt64? = start
        while let start = next {
            let page = try reader.page(query, from: start, below: end)
            for event in page.events {
                try write([event])
                try writer.output.flush()
                if try shouldStop(writtenCount) { return event.sequence + 1 }
            }
            next = page.next
        }
        return max(start, end)
    }

    /// The number of the oldest among the newest so many; nil when there are none. Only a page of
    /// events is kept, however many are wanted.
    private func start(ofNewest count: UInt64, below end: UInt64) throws -> UInt64? {
        var oldest: UInt64?
        var missing = count
        var end: UInt64? = end
        while let start = end, missing > 0 {
            let limit = Int(min(missing, UInt64(LogReader.pageRows)))
            let page = try reader.pageBackwards(query, below: start, limit: limit)
            missing -= UInt64(page.events.count)
            oldest = page.events.last?.sequence ?? oldest
            end = page.end
        }
        return oldest
    }

    private mutating func write(_ events: [StoredEvent]) throws {
        writtenCount += UInt64(events.count)
        var rows: [EventRow] = []
        rows.reserveCapacity(events.count)
        for event in events { rows.append(try names.row(event)) }
        if !rows.isEmpty { try writer.write(rows) }
    }

    private mutating func finish() throws {
        // A table has its headings even when it has no rows.
        if writer.format == .table { try writer.write([]) }
        try writer.output.flush()
    }
}
