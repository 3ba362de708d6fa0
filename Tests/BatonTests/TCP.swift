import Glibc

@testable import Baton
@testable import Transport

/// Connections over the loopback, and what a peer can do to them.
enum TCP {
    /// The other end of a connection, or where one can be made.
    final class Peer: Sendable {
        private let descriptor: ForkSafeLock<SharedDescriptor?>

        init(_ descriptor: consuming Descriptor) {
            self.descriptor = ForkSafeLock(SharedDescriptor(descriptor))
        }

        var port: UInt16 {
            get throws { try Sockets.localPort(open()) }
        }

        func close() { descriptor.withLock { $0 = nil } }

        /// Ends the connection without goodbye.
        func reset() throws {
            try Sockets.setLinger(open().descriptor, seconds: 0)
            close()
        }

        func send(_ bytes: [UInt8]) throws {
            try open().withNumber { try Syscalls.sendAll($0, bytes) }
        }

        func sendUrgent(_ byte: UInt8) throws {
            let bytes = [byte]
            _ = try open().withNumber { number in
                try Syscalls.value { Glibc.send(number, bytes, 1, CInt(MSG_OOB)) }
            }
        }

        /// Receives so many bytes.
        func drain(_ count: Int) throws {
            let open = try open()
            var rest = count
            while rest > 0 { rest -= try Sockets.read(open.descriptor, atMost: 65_536).count }
        }

        private func open() throws -> SharedDescriptor {
            try descriptor.withLock { descriptor in
                guard let descriptor else { throw ScriptFailure("the peer has closed") }
                return descriptor
            }
        }
    }

    static func listener() throws -> Socket {
        Socket(owning: try Sockets.listen("127.0.0.1:0").release())
    }

    static func connect(to listener: borrowing Socket) throws -> Peer {
        Peer(try Sockets.connect("127.0.0.1:\(try listener.port)"))
    }

    /// The number of a connected socket, for the caller to own, and the end that was accepted.
    static func pair() throws -> (number: Int32, peer: Peer) {
        let listener = try Sockets.listen("127.0.0.1:0")
        let port = try Sockets.localPort(listener)
        let number = try Sockets.connect("127.0.0.1:\(port)").release()
        return (number, Peer(try Sockets.accept(listener)))
    }

    /// A connect of a socket that does not wait.
    static func beginConnecting(_ socket: borrowing Socket, to port: UInt16) throws {
        let address: [UInt8] =
            [2, 0, UInt8(port >> 8), UInt8(port & 0xFF), 127, 0, 0, 1]
            + Array(repeating: 0, count: 8)
        try socket.withDescriptor { number in
            do throws(Errno) {
                try Syscalls.connect(number, address: address)
            } catch .inProgress {
                return
            }
        }
    }
}

extension Socket {
    var port: UInt16 {
        get throws { try withDescriptor { try Sockets.localPort(BorrowedDescriptor($0)) } }
    }

    borrowing func receive(_ count: Int) throws -> [UInt8] {
        try withDescriptor { try Syscalls.readSome($0, atMost: count) }
    }

    /// Sends until there is no room; how many bytes that took.
    borrowing func fill() throws -> Int {
        let number = withDescriptor { $0 }
        let bytes = [UInt8](repeating: 1, count: 65_536)
        var count = 0
        while true {
            let sent = Glibc.send(number, bytes, bytes.count, CInt(MSG_NOSIGNAL))
            guard sent > 0 else { return count }
            count += sent
        }
    }

    /// Another descriptor of the same socket.
    borrowing func duplicated() throws -> Socket {
        Socket(owning: try withDescriptor { try Syscalls.duplicate($0).release() })
    }
}
