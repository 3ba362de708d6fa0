extension Descriptor {
    /// All of the bytes, to a pipe, socket or file.
    ///
    /// write(2)
    package borrowing func write(_ bytes: [UInt8]) throws(Errno) {
        try withNumber { (fd) throws(Errno) in try Syscalls.write(fd, bytes) }
    }

    /// What there is, as soon as there is something; nothing at the end.
    ///
    /// read(2)
    package borrowing func readSome(atMost count: Int) throws(Errno) -> [UInt8] {
        try Sockets.read(self, atMost: count)
    }

    /// Exactly so many bytes, or nil when the end comes first.
    ///
    /// read(2)
    package borrowing func read(exactly count: Int) throws(Errno) -> [UInt8]? {
        var bytes = try Sockets.read(self, atMost: count)
        while bytes.count < count {
            let part = try Sockets.read(self, atMost: count - bytes.count)
            if part.isEmpty { return nil }
            bytes += part
        }
        return bytes
    }

    /// All there is until the end.
    ///
    /// read(2)
    package borrowing func readToEnd() throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let part = try Sockets.read(self, atMost: 65_536)
            if part.isEmpty { return bytes }
            bytes += part
        }
    }

    /// The descriptor that whoever started this program left open under this number.
    package init(inherited number: Int32) throws(Errno) {
        try Syscalls.setCloseOnExec(number)
        self.init(owning: number)
    }
}
