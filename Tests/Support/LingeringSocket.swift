package import Transport

/// A socket whose last close would wait for an hour, because nobody reads what it has to send, and
/// its other end.
package struct LingeringSocket {
    package let near: SharedDescriptor
    package let far: SharedDescriptor

    package init() throws {
        let listener = try Sockets.listen("127.0.0.1:0")
        let near = try Sockets.connect("127.0.0.1:\(try Sockets.localPort(listener))")
        far = SharedDescriptor(try Sockets.accept(listener))
        try Sockets.setLinger(near, seconds: 3600)
        try Sockets.setNonBlocking(near)
        self.near = SharedDescriptor(near)
        while try hasRoom() {}
    }

    /// Whether it took more to send.
    private func hasRoom() throws(Errno) -> Bool {
        do throws(Errno) {
            try Sockets.write(near.descriptor, [UInt8](repeating: 0, count: 65_536))
            return true
        } catch .again {
            return false
        }
    }
}
