import Transport

/// Nobody reads the output any more.
struct OutputClosed: Error {}

/// What a verb writes to standard output, gathered into large writes.
final class Output {
    /// Whether a person looks at it.
    let isTerminal: Bool
    private let sink: ([UInt8]) throws(Errno) -> Void
    private var waiting: [UInt8] = []

    /// A write of this size costs little more than a small one.
    private static let capacity = 65_536

    init(isTerminal: Bool = false, sink: @escaping ([UInt8]) throws(Errno) -> Void) {
        self.isTerminal = isTerminal
        self.sink = sink
    }

    static func standard() -> Output {
        StandardStream.ignoreBrokenPipes()
        return Output(isTerminal: StandardStream.output.isTerminal) { bytes throws(Errno) in
            try StandardStream.output.write(bytes)
        }
    }

    func write(line: String) throws {
        waiting += Array(line.utf8)
        waiting.append(UInt8(ascii: "\n"))
        if waiting.count >= Self.capacity { try flush() }
    }

    func write(_ bytes: [UInt8]) throws {
        waiting += bytes
        if waiting.count >= Self.capacity { try flush() }
    }

    /// One line of comma-separated values. A file keeps what was recorded; a terminal would obey.
    func write(csv cells: [String]) throws {
        let cells = isTerminal ? cells.map { PrintableText.escaped($0) } : cells
        try write(Array((CommaSeparated.line(cells) + CommaSeparated.lineEnd).utf8))
    }

    /// One line of values with tabs between them.
    func write(tsv cells: [String]) throws {
        let cells = cells.map { TabSeparated.escaped($0) }
        let line = cells.map { isTerminal ? PrintableText.escaped($0) : $0 }
        try write(line: line.joined(separator: "\t"))
    }

    /// A record of the log, byte for byte; a terminal gets what it would obey escaped, as JSON can.
    func write(record bytes: [UInt8]) throws {
        guard isTerminal else { return try write(bytes + [UInt8(ascii: "\n")]) }
        try write(line: JSONValue.harmless(String(decoding: bytes, as: UTF8.self)))
    }

    func flush() throws {
        guard !waiting.isEmpty else { return }
        defer { waiting.removeAll(keepingCapacity: true) }
        do throws(Errno) {
            try sink(waiting)
        } catch .brokenPipe {
            throw OutputClosed()
        } catch {
            throw CommandFailure.unreachable(
                "standard output takes no more: \(error)", hint: "make room where it goes")
        }
    }
}

extension StandardStream {
    /// A line on standard error about something that does not change the result.
    static func warn(_ text: String) { note("warning: \(text)") }

    /// A line on standard error, beside the answer.
    static func note(_ text: String) {
        do throws(Errno) {
            try error.write(Array("\(PrintableText.escaped(text))\n".utf8))
        } catch {
            // Standard error is gone, and with it whom to tell.
        }
    }
}
