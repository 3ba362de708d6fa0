/// Anything that owns a descriptor and can lend its number.
package protocol NumberedDescriptor: ~Copyable {
    /// Lends the number for the duration of `body`. It must not be closed and not be kept.
    borrowing func withNumber<R: ~Copyable, E: Error>(
        _ body: (CInt) throws(E) -> R
    ) throws(E) -> R
}

/// The owner of one descriptor of this process, closed when its life ends.
///
/// Whoever makes a descriptor makes it close-on-exec in the same call; this type does not check.
package struct Descriptor: ~Copyable, Sendable, NumberedDescriptor {
    private let number: CInt
    /// Whether its close can wait for what somebody else decides.
    private let isForeign: Bool

    package init(owning number: CInt) {
        self.init(number, isForeign: false)
    }

    /// One of a connection: what lies in its queue is closed with it, and can be anything. It is
    /// closed by the closer, whoever lets it go.
    init(foreign number: CInt) {
        self.init(number, isForeign: true)
    }

    private init(_ number: CInt, isForeign: Bool) {
        precondition(number >= 0, "A descriptor number is not negative.")
        self.number = number
        self.isForeign = isForeign
    }

    deinit {
        if isForeign {
            Closer.shared.close(number: number)
        } else {
            Syscalls.close(number)
        }
    }

    package borrowing func withNumber<R: ~Copyable, E: Error>(
        _ body: (CInt) throws(E) -> R
    ) throws(E) -> R {
        try body(number)
    }

    /// Another descriptor of the same open file, close-on-exec.
    ///
    /// fcntl(2), F_DUPFD_CLOEXEC
    package borrowing func duplicate() throws(Errno) -> Descriptor {
        try Syscalls.duplicate(number)
    }

    /// Gives the number up: from here on the caller must see that it is closed.
    package consuming func release() -> CInt {
        let number = number
        discard self
        return number
    }

    /// Closes now rather than at the end of the scope.
    ///
    /// close(2)
    package consuming func close() {
        Syscalls.close(release())
    }

    /// Whether an execve(2) would close it.
    ///
    /// fcntl(2), F_GETFD
    package borrowing func isCloseOnExec() throws(Errno) -> Bool {
        try Syscalls.isCloseOnExec(number)
    }
}

/// A counted descriptor, for dictionaries and arrays: they hold no noncopyable value.
package final class SharedDescriptor: Sendable, NumberedDescriptor {
    package let descriptor: Descriptor

    package init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    package convenience init?(optional descriptor: consuming Descriptor?) {
        guard let descriptor else { return nil }
        self.init(descriptor)
    }

    package func withNumber<R: ~Copyable, E: Error>(
        _ body: (CInt) throws(E) -> R
    ) throws(E) -> R {
        try descriptor.withNumber(body)
    }
}
