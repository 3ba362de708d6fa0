import Transport

/// Reads lines from the terminal, and lets them be edited. Between two lines the terminal is as it
/// was, so that Ctrl-C ends a command that takes long.
struct LineReader {
    private let output: Output
    private var editor = LineEditor()
    /// What was typed ahead.
    private var pending: [UInt8] = []

    private static let readMaximum = 4_096
    private static let usualColumns = 80

    init(output: Output) { self.output = output }

    /// The next line; nil at the end.
    mutating func read(prompt: String) throws -> String? {
        var editing = try TerminalEditing()
        while true {
            try draw(prompt)
            if pending.isEmpty {
                pending = try StandardStream.input.readSome(atMost: Self.readMaximum)
                if pending.isEmpty { break }
            }
            switch takePending() {
            case .typing: break
            case .line(let line):
                // In full, and also when it came at once with its end.
                try write("\r\(prompt)\(line)\u{1B}[K\n")
                try editing.end()
                return line
            case .suspend:
                try editing.end()
                try SignalDescriptor.suspendProcess()
                editing = try TerminalEditing()
            case .end:
                try draw(prompt)
                try editing.end()
                return nil
            }
        }
        try editing.end()
        return nil
    }

    /// Up to the first key that is more than typing.
    private mutating func takePending() -> LineEditor.Outcome {
        var count = 0
        defer { pending.removeFirst(count) }
        for byte in pending {
            count += 1
            let outcome = editor.take(byte)
            if outcome != .typing { return outcome }
        }
        return .typing
    }

    private func draw(_ prompt: String) throws {
        let columns = StandardStream.output.terminalSize?.columns ?? Self.usualColumns
        try write(editor.drawing(prompt: prompt, columns: columns))
    }

    private func write(_ text: String) throws {
        try output.write(Array(text.utf8))
        try output.flush()
    }
}
