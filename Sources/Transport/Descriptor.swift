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
    /// By which it is known again where a program may have closed or replaced it.
    private let identity: DescriptorIdentity?

    package init(owning number: CInt) {
        self.init(number, isForeign: false, nil)
    }

    /// One of a socket with this cookie.
    package init(owning number: CInt, cookie: UInt64) {
        self.init(number, isForeign: false, .socket(cookie: cookie))
    }

    /// One of a connection: what lies in its queue is closed with it, and can be anything. It is
    /// closed by the closer, whoever lets it go.
    init(foreign number: CInt) {
        self.init(number, isForeign: true, nil)
    }

    private init(_ number: CInt, isForeign: Bool, _ identity: DescriptorIdentity?) {
        precondition(number >= 0, "A descriptor number is not negative.")
        self.number = number
        self.isForeign = isForeign
        self.identity = identity
    }

    deinit {
        if isForeign {
            Closer.shared.close(number: number)
        } else if !Self.isLost(number, identity) {
            Syscalls.close(number)
        }
    }

    /// The same, known again from here on. Only for a socket, and for what this process has made.
    consuming func identified() throws(Errno) -> Descriptor {
        let identity = try DescriptorIdentity(of: number)
        return Descriptor(release(), isForeign: false, identity)
    }

    /// Whether a foreign program has closed it, or put something else under its number, which is
    /// not ours to use or to close then. Always false of one that is not known again.
    ///
    /// Another thread of the program can still do that between this look and what follows it: no
    /// call of the kernel does both at once.
    package borrowing func isLost() -> Bool { Self.isLost(number, identity) }

    private static func isLost(_ number: CInt, _ identity: DescriptorIdentity?) -> Bool {
        guard ForeignProgram.isEntered, let identity else { return false }
        return !identity.isOf(number)
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
        let isLost = isLost()
        let number = release()
        if !isLost { Syscalls.close(number) }
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
