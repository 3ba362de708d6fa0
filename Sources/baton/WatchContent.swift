import Transport

/// What `baton watch` knows at one moment, and how a terminal of any size shows it.
struct WatchContent {
    struct List {
        var title: String
        var heading: String?
        var lines: [String] = []
        /// How many there are in all.
        var total: Int
        /// Which of them are kept where there is no room for all.
        var keepsLast = false
    }

    var head: String
    var open: List
    var newest: List

    /// The lines of one picture: all of them, or as many and as much of each as there is room for.
    func lines(for size: TerminalSize? = nil) -> [String] {
        guard let size else {
            return [head, ""] + lines(of: open, count: open.lines.count) + [""]
                + lines(of: newest, count: newest.lines.count)
        }
        let headings = [open, newest].reduce(3) { $0 + ($1.heading == nil ? 0 : 1) }
        var gap = [""]
        var room = size.rows - headings - 2 * gap.count
        if room < 2 {
            gap = []
            room = size.rows - headings
        }
        let shares = Self.shares(of: room, open.lines.count, newest.lines.count)
        let lines =
            [head] + gap + lines(of: open, count: shares.0) + gap
            + lines(of: newest, count: shares.1)
        return lines.prefix(size.rows).map { TextWidth.clipped($0, to: size.columns) }
    }

    private func lines(of list: List, count: Int) -> [String] {
        var title = list.title
        if count < list.total { title += ": \(count) of \(list.total)" }
        let shown = list.keepsLast ? list.lines.suffix(count) : list.lines.prefix(count)
        return [title] + ([list.heading].compactMap(\.self) + shown).map { "  " + $0 }
    }

    /// Half of the room each; what one does not need the other gets.
    private static func shares(of room: Int, _ first: Int, _ second: Int) -> (Int, Int) {
        let room = max(room, 0)
        let share = min(first, max(room / 2, room - second))
        return (share, min(second, room - share))
    }
}

/// A screen of its own on the terminal: what was there before comes back when it is left.
struct Screen {
    let output: Output

    private static let enter = "\u{1B}[?1049h\u{1B}[?25l"
    private static let leave = "\u{1B}[?25h\u{1B}[?1049l"

    /// Shows pictures until `body` ends, in whatever way.
    func show<Result>(_ body: () throws -> Result) throws -> Result {
        try write(Self.enter)
        let result = Swift.Result { try body() }
        try write(Self.leave)
        return try result.get()
    }

    func draw(_ lines: [String], rows: Int) throws { try write(Self.text(lines, rows: rows)) }

    /// Each line is cleared before it is written, for no flicker, and not after: a full line leaves
    /// the cursor on its last character. Nor does the last one end, which would scroll.
    static func text(_ lines: [String], rows: Int) -> String {
        let text = lines.map { "\u{1B}[2K" + $0 }.joined(separator: "\n")
        return "\u{1B}[H" + text + (lines.count < rows ? "\n\u{1B}[J" : "")
    }

    /// The screen of before, while this program is stopped.
    func suspend() throws {
        try write(Self.leave)
        try SignalDescriptor.suspendProcess()
        try write(Self.enter)
    }

    private func write(_ text: String) throws {
        try output.write(Array(text.utf8))
        try output.flush()
    }
}
