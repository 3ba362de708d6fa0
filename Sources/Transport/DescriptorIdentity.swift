internal import CLinux
internal import Synchronization

/// What tells whether a number still names what its owner got under it.
enum DescriptorIdentity: Sendable {
    /// Of a socket. socket(7), SO_COOKIE
    case socket(cookie: UInt64)
    /// Of what has no number of its own, as an event descriptor: such files share one inode. So
    /// this process leaves a mark on those it makes, which goes with the open file: the signal that
    /// asynchronous notification would send. Nobody turns that on, so it is never sent.
    ///
    /// fcntl(2), F_SETSIG
    case marked(CInt)

    /// As many marks as there are signals. Two of the library's own descriptors can have one mark.
    private static let markCount: UInt32 = 64
    private static let lastMark = Atomic<UInt32>(0)

    /// Of a socket, or of an open file that this process has made and nobody else has.
    init(of fd: CInt) throws(Errno) {
        do throws(Errno) {
            self = .socket(cookie: try Syscalls.cookie(fd))
        } catch .notASocket {
            let count = Self.lastMark.wrappingAdd(1, ordering: .relaxed).newValue
            let mark = CInt(count % Self.markCount) + 1
            try Syscalls.done { clinux_set_mark(fd, mark) }
            self = .marked(mark)
        }
    }

    /// Asks nothing that could wait, whatever the number names by now.
    func isOf(_ fd: CInt) -> Bool {
        switch self {
        case .socket(let cookie):
            var found: UInt64 = 0
            return unsafe clinux_socket_cookie(fd, &found) == 0 && found == cookie
        case .marked(let mark):
            return clinux_mark(fd) == mark
        }
    }
}
