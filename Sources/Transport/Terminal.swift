internal import CLinux
internal import Glibc

/// How much a terminal shows, in character cells.
package struct TerminalSize: Sendable, Hashable {
    package var columns: Int
    package var rows: Int

    package init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }
}

extension StandardStream {
    /// Nil for what is no terminal, or does not know its size.
    ///
    /// ioctl_tty(2), TIOCGWINSZ
    package var terminalSize: TerminalSize? {
        var (columns, rows): (CInt, CInt) = (0, 0)
        guard unsafe clinux_terminal_size(rawValue, &columns, &rows) == 0, columns > 0, rows > 0
        else { return nil }
        return TerminalSize(columns: Int(columns), rows: Int(rows))
    }

    /// What there is, at most so many bytes; waits for the first, and none is the end.
    ///
    /// read(2)
    package func readSome(atMost count: Int) throws(Errno) -> [UInt8] {
        try Syscalls.readSome(rawValue, atMost: count)
    }
}

/// The terminal of standard input, while this program edits what is typed there: keys come one by
/// one and unechoed, Ctrl-C among them. The modes are put back at the end, and before a signal
/// ends the process.
///
/// termios(3)
package struct TerminalEditing: ~Copyable {
    /// Whether keys and drawing have the same terminal, which knows how to move a cursor.
    package static var isPossible: Bool {
        let kind = HostFacts.environmentVariable("TERM") ?? ""
        return StandardStream.input.isTerminal && StandardStream.output.isTerminal
            && !kind.isEmpty && kind != "dumb"
    }

    package init() throws(Errno) {
        try Syscalls.done { clinux_begin_editing(StandardStream.input.rawValue) }
    }

    package consuming func end() throws(Errno) {
        discard self
        try Syscalls.done { clinux_end_editing() }
    }

    deinit {
        // On the way out with another error; a terminal that has gone has no modes.
        _ = clinux_end_editing()
    }
}

extension SignalDescriptor {
    /// SIGWINCH
    package static let windowChange = SIGWINCH
    /// SIGTSTP
    package static let suspend = SIGTSTP

    /// Stops this program as Ctrl-Z does, until it is to go on.
    ///
    /// kill(2), SIGTSTP
    package static func suspendProcess() throws(Errno) {
        try Syscalls.done { clinux_suspend() }
    }
}
