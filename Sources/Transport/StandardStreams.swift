internal import Glibc

/// The streams that every program is started with. Their numbers belong to whoever started it.
package enum StandardStream: Int32, Sendable, NumberedDescriptor {
    case input = 0
    case output = 1
    case error = 2

    package borrowing func withNumber<R: ~Copyable, E: Error>(
        _ body: (CInt) throws(E) -> R
    ) throws(E) -> R {
        try body(rawValue)
    }

    /// isatty(3)
    package var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Characters in a line of the terminal; nil where there is none, or it does not say.
    ///
    /// ioctl_tty(2), TIOCGWINSZ
    package var columnCount: Int? {
        var size = winsize()
        guard unsafe ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return Int(size.ws_col)
    }

    /// All of the bytes. A reader that has gone is `.brokenPipe`, if `ignoreBrokenPipes` was
    /// called, and the end of this process otherwise.
    ///
    /// write(2)
    package func write(_ bytes: [UInt8]) throws(Errno) {
        try Syscalls.write(rawValue, bytes)
    }

    /// All there is until the end, cut after `limit` bytes.
    ///
    /// read(2)
    package func read(limit: Int) throws(Errno) -> [UInt8] {
        precondition(limit >= 0, "A limit is a count of bytes.")
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let part = try Syscalls.readSome(rawValue, atMost: min(65_536, limit - bytes.count))
            if part.isEmpty { break }
            bytes += part
        }
        return bytes
    }

    /// Makes writing to a closed pipe an error. A program executed later inherits this, so it is
    /// for programs that stay what they are.
    ///
    /// signal(2), SIGPIPE
    package static func ignoreBrokenPipes() {
        _ = signal(SIGPIPE, SIG_IGN)
    }
}

extension SignalDescriptor {
    /// SIGINT
    package static let interrupt = SIGINT
    /// SIGTERM
    package static let terminate = SIGTERM
    /// SIGHUP
    package static let hangUp = SIGHUP
}
