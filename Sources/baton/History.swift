import ArgumentParser
import Journal
import Transport

/// What happened, from the log.
struct History: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what happened: every request, delivery, refusal and close.",
        discussion: """
            All events, oldest first, unless filters say less. \(HistoryFilters.explanation) The \
            database is read directly: this also works while no coordinator runs.
            """)

    @OptionGroup(title: "Which events") var filters: HistoryFilters

    @Option(
        name: [.customShort("n", allowingJoined: true), .customLong("lines")],
        help: ArgumentHelp("Only the newest of them, this many.", valueName: "count"))
    var count: UInt64?

    @Flag(name: [.customShort("r"), .customLong("reverse")], help: "Newest first.")
    var isReversed = false

    @OptionGroup(title: "Output") var rows: RowOptions

    @Flag(
        name: [.customShort("f"), .customLong("follow")],
        help: "Go on with new events as they come, until interrupted.")
    var isFollowing = false

    @OptionGroup(title: "Going on") var place: CursorOptions

    @Option(
        help: ArgumentHelp(
            "With -f, end after this many events, with those that were there before.",
            valueName: "count"))
    var untilMatch: UInt64?

    @Option(
        help: ArgumentHelp(
            "With -f, end after this time: then the status is 1.", valueName: "seconds"))
    var timeout: UInt32?

    @Flag(
        help: ArgumentHelp(
            "Do not end with status 6 when events are missing.",
            discussion: """
                Events are numbered without gaps. A listing without filters but --seq, --boot, -n \
                and a cursor tells where numbers are missing, goes on, and ends with status 6. \
                baton verify finds every gap.
                """))
    var allowGap = false

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
        let style = try style
        if place.shows, style.isArray || ![.short, .full, .cat, .json].contains(style.format) {
            throw ValidationError("a cursor has no place in this format; --cursor-file keeps one")
        }
        guard sql != nil else { return }
        if isFollowing || isReversed || count != nil || place.isUsed || place.shows
            || filters.isUsed || allowGap
        {
            throw ValidationError("--sql stands alone, with -o and --database")
        }
        if style.format.isOfEvents {
            throw ValidationError(
                "\(style.format.rawValue) is for events, not for a statement's rows")
        }
    }

    private var style: RowStyle {
        get throws {
            try rows.style(usually: .short, names: sql == nil ? EventRow.fieldNames : nil)
        }
    }

    func run() throws {
        // Before any other thread exists, or the signals could still go to one of them. Who keeps
        // no place is ended by them at once.
        let keepsPlace = isFollowing || place.cursorFile != nil
        let signals = keepsPlace ? try Following.signals() : nil
        let reader = try filters.reader()
        if let sql { return try SQLAnswer.write(sql, reader, style: try style, to: .standard()) }
        let end = try reader.eventCount()
        let first = try place.start(of: reader, count: end)
        var listing = HistoryListing(
            reader: reader, query: try filters.query(in: reader), style: try style,
            output: .standard(), end: end)
        if let signals {
            listing.progress = { next in
                try place.save(HistoryCursor(log: reader.logID, next: next))
                return try signals.hasSignal()
            }
        }
        var next = end
        if isReversed {
            try listing.writeBackwards(below: end, count: count)
        } else {
            next = try listing.write(
                from: first, below: end, count: count, limit: listing.missing(of: untilMatch))
        }
        var status = try signals?.ending()
        if isFollowing, status == nil, let signals {
            let following = Following(
                signals: signals, untilMatch: untilMatch, timeoutSeconds: timeout)
            (status, next) = try following.run(&listing, from: next)
        }
        try finish(&listing, next: next)
        if let status { throw ExitCode(status) }
    }

    private func finish(_ listing: inout HistoryListing, next: UInt64) throws {
        try listing.finish()
        if place.shows {
            let cursor = HistoryCursor(log: listing.reader.logID, next: next)
            try listing.writer.output.write(
                line: listing.writer.style.format == .json
                    ? JSONValue.object(JSONObject([("cursor", .text("\(cursor)"))])).description
                    : "-- cursor: \(cursor)")
            try listing.writer.output.flush()
        }
        if !allowGap, let failure = listing.gapFailure { throw failure }
        if exitCode, listing.writtenCount == 0 { throw ExitCode(EndStatus.refused.rawValue) }
    }
}
