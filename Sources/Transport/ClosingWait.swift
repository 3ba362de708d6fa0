internal import CLinux
internal import Glibc

/// What the last close of a descriptor can wait for.
enum ClosingWait {
    case nothing
    /// A socket that lingers, or a Unix socket with descriptors in its queue, which can be such
    /// sockets. A thread that exits waits for neither.
    case linger
    /// The server of a file, or a terminal, for which an exit waits as well.
    case file

    /// Where it cannot be told, the worse is assumed.
    ///
    /// socket(7), SO_LINGER; unix(7); close(2)
    init(_ fd: CInt) {
        do throws(Errno) {
            switch try Syscalls.option(fd, level: SOL_SOCKET, SO_DOMAIN) {
            case AF_UNIX: self = try Self.hasQueuedDescriptors(fd) ? .linger : .nothing
            default: self = clinux_lingers(fd) == 1 ? .linger : .nothing
            }
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

/// A copy of the table of descriptors, held by a thread of its own.
///
/// unshare(2), CLONE_FILES
@safe struct TableCopy: ~Copyable {
    private let copy: OpaquePointer

    /// Nil where there can be none.
    init?() {
        guard let copy = unsafe clinux_copy_table() else { return nil }
        unsafe self.copy = copy
    }

    deinit { unsafe clinux_end_table_copy(copy) }
}
