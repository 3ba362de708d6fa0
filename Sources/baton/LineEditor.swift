/// One line that is being typed, with the lines before it: the bytes of a terminal's keys in, the
/// line and how to draw it out. It knows no terminal.
struct LineEditor {
    enum Outcome: Equatable {
        /// The line may look otherwise now.
        case typing
        case line(String)
        /// The end of all typing, on an empty line.
        case end
        /// Ctrl-Z.
        case suspend
    }

    /// What of a key that sends several bytes has come so far.
    private enum Sequence {
        case none
        case escape
        /// ESC O and one letter.
        case single
        /// ESC [, parameters, and one letter.
        case control([UInt8])
        /// A character in UTF-8, of which so many bytes are missing.
        case character([UInt8], missing: Int)
    }

    private(set) var characters: [Character] = []
    /// How many of them are before the cursor.
    private(set) var cursor = 0
    private var sequence = Sequence.none
    private var history: [[Character]] = []
    /// Which earlier line is shown; the end of the history for the one that is typed.
    private var place = 0
    /// What had been typed before an earlier line was shown.
    private var draft: [Character] = []

    /// Nobody types more; of older lines the oldest are forgotten.
    private static let charactersMaximum = 4_096
    private static let historyMaximum = 1_000
    private static let parametersMaximum = 16

    /// One byte more.
    mutating func take(_ byte: UInt8) -> Outcome {
        let before = sequence
        sequence = .none
        switch before {
        case .none: return begin(byte)
        case .escape:
            switch byte {
            case UInt8(ascii: "["): sequence = .control([])
            case UInt8(ascii: "O"): sequence = .single
            case 0..<0x20, 0x7F: return begin(byte)
            default: break
            }
        case .single: press(byte, [])
        case .control(let parameters):
            switch byte {
            case 0x20...0x3F:
                sequence = .control(parameters.prefix(Self.parametersMaximum) + [byte])
            case 0x40...0x7E: press(byte, parameters)
            default: return begin(byte)
            }
        case .character(let bytes, let missing):
            guard byte & 0xC0 == 0x80 else { return begin(byte) }
            if missing > 1 {
                sequence = .character(bytes + [byte], missing: missing - 1)
            } else if let text = String(validating: bytes + [byte], as: UTF8.self) {
                insert(text)
            }
        }
        return .typing
    }

    private mutating func begin(_ byte: UInt8) -> Outcome {
        switch byte {
        case Control.lineFeed, Control.carriageReturn: return accept()
        case Control.key("A"): cursor = 0
        case Control.key("B"): move(by: -1)
        case Control.key("C"): clear()
        case Control.key("D"):
            if characters.isEmpty { return .end }
            delete(cursor..<cursor + 1)
        case Control.key("E"): cursor = characters.count
        case Control.key("F"): move(by: 1)
        case Control.key("H"), Control.delete: delete(cursor - 1..<cursor)
        case Control.key("K"): delete(cursor..<characters.count)
        case Control.key("N"): show(place + 1)
        case Control.key("P"): show(place - 1)
        case Control.key("U"): delete(0..<cursor)
        case Control.key("W"): delete(startOfWord..<cursor)
        case Control.key("Z"): return .suspend
        case Control.escape: sequence = .escape
        case 0x20...0x7E: insert(String(UnicodeScalar(byte)))
        case 0xC2...0xDF: sequence = .character([byte], missing: 1)
        case 0xE0...0xEF: sequence = .character([byte], missing: 2)
        case 0xF0...0xF4: sequence = .character([byte], missing: 3)
        default: break
        }
        return .typing
    }

    private enum Control {
        static let lineFeed: UInt8 = 0x0A
        static let carriageReturn: UInt8 = 0x0D
        static let escape: UInt8 = 0x1B
        static let delete: UInt8 = 0x7F

        static func key(_ letter: UnicodeScalar) -> UInt8 { UInt8(ascii: letter) & 0x1F }
    }

    /// A key that sends ESC and more. Terminals differ in what they send for the same key.
    private mutating func press(_ final: UInt8, _ parameters: [UInt8]) {
        switch UnicodeScalar(final) {
        case "A": show(place - 1)
        case "B": show(place + 1)
        case "C": move(by: 1)
        case "D": move(by: -1)
        case "H": cursor = 0
        case "F": cursor = characters.count
        case "~":
            switch String(decoding: parameters, as: UTF8.self) {
            case "1", "7": cursor = 0
            case "3": delete(cursor..<cursor + 1)
            case "4", "8": cursor = characters.count
            default: break
            }
        default: break
        }
    }

    // MARK: - What keys do

    private mutating func accept() -> Outcome {
        let line = String(characters)
        if !characters.isEmpty, history.last != characters { history.append(characters) }
        if history.count > Self.historyMaximum { history.removeFirst() }
        clear()
        return .line(line)
    }

    private mutating func clear() {
        characters = []
        cursor = 0
        place = history.count
        draft = []
    }

    private mutating func insert(_ text: String) {
        // What a terminal would obey has no place in a line that is drawn.
        guard characters.count < Self.charactersMaximum,
            !text.unicodeScalars.contains(where: PrintableText.isHarmful)
        else { return }
        // A mark becomes one with the character before it.
        let before = Array(String(characters[..<cursor]) + text)
        characters = before + characters[cursor...]
        cursor = before.count
    }

    private mutating func delete(_ range: Range<Int>) {
        let range = range.clamped(to: 0..<characters.count)
        characters.removeSubrange(range)
        cursor = min(range.lowerBound, characters.count)
    }

    private mutating func move(by distance: Int) {
        cursor = min(max(cursor + distance, 0), characters.count)
    }

    /// Where the word before the cursor begins.
    private var startOfWord: Int {
        var start = cursor
        while start > 0, characters[start - 1] == " " { start -= 1 }
        while start > 0, characters[start - 1] != " " { start -= 1 }
        return start
    }

    private mutating func show(_ wanted: Int) {
        guard (0...history.count).contains(wanted), wanted != place else { return }
        if place == history.count { draft = characters }
        place = wanted
        characters = wanted == history.count ? draft : history[wanted]
        cursor = characters.count
    }

    // MARK: - Drawing

    /// What draws the line anew, with the cursor in its place. Of one that is too long for the
    /// terminal the part around the cursor; the last column stays free, so that nothing wraps.
    func drawing(prompt: String, columns: Int) -> String {
        let room = max(columns - TextWidth.of(prompt) - 1, 1)
        var (first, last, width) = (cursor, cursor, 0)
        while first > 0, width + TextWidth.of(characters[first - 1]) <= room {
            first -= 1
            width += TextWidth.of(characters[first])
        }
        var behind = 0
        while last < characters.count,
            width + behind + TextWidth.of(characters[last]) <= room
        {
            behind += TextWidth.of(characters[last])
            last += 1
        }
        let text = "\r" + prompt + String(characters[first..<last]) + "\u{1B}[K"
        return behind > 0 ? text + "\u{1B}[\(behind)D" : text
    }
}
