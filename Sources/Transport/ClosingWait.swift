internal import CLinux
internal import Glibc

/// What the last close of a descriptor can wait for.
enum ClosingWait {
    case nothing
    /// A socket that lingers, or a Unix socket with descriptors in its queue, which can be such
    /// sockets: a thread that exits waits for neither. Or one of a family that may take the kernel
    /// long: such a thread is waited for by nobody.
    case linger
    /// The server of a file, or a terminal, for which an exit waits as well.
    case file

    /// Where it cannot be told, the worse is assumed.
    ///
    /// socket(7), SO_LINGER; unix(7); close(2)
    init(_ fd: CInt) {
        self.init(fd) { (family) throws(Errno) in
            switch family {
            case AF_UNIX: try Self.hasQueuedDescriptors(fd) ? .linger : .nothing
            case AF_INET, AF_INET6: clinux_lingers(fd) == 1 ? .linger : .nothing
            case AF_NETLINK: .nothing
            // Some wait until no processor can see the socket any more, as those of AF_PACKET do.
            default: .linger
            }
        }
    }

    /// Without a look into sockets, which takes long where there are many: each is taken for one
    /// that waits.
    init(ofOneAmongMany fd: CInt) {
        self.init(fd) { _ in .linger }
    }

    private init(_ fd: CInt, ofSocket: (_ family: CInt) throws(Errno) -> ClosingWait) {
        do throws(Errno) {
            self = try ofSocket(try Syscalls.option(fd, level: SOL_SOCKET, SO_DOMAIN))
        } catch .notASocket {
            self = Self.isFile(fd) ? .file : .nothing
        } catch .badDescriptor {
            // Opened with O_PATH, or not at all: there is nothing that could wait.
            self = .nothing
        } catch {
            self = .linger
        }
    }

    private static func hasQueuedDescriptors(_ fd: CInt) throws(Errno) -> Bool {
        // Mostly there is nothing at all, which is told at less cost.
        guard try Syscalls.poll(fd, events: POLLIN, timeoutMilliseconds: 0) & POLLIN != 0 else {
            return false
        }
        return try Sockets.queuedDescriptorCount(number: fd) > 0
    }

    /// Pipes, and what has no file type at all, as pidfds of older kernels, have no server.
    private static func isFile(_ fd: CInt) -> Bool {
        guard !Syscalls.isPidfd(fd) else { return false }
        var facts = stat()
        guard unsafe fstat(fd, &facts) == 0 else { return true }
        let type = facts.st_mode & S_IFMT
        return type != 0 && type != S_IFIFO
    }
}
