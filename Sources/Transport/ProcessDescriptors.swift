internal import Glibc

extension ProcessHandle {
    /// Whether one of the process's descriptors is the socket with this cookie. Nil where we may
    /// not look.
    ///
    /// proc_pid_fd(5), pidfd_getfd(2)
    package borrowing func holds(cookie: UInt64) -> Bool? {
        do throws(Errno) {
            let pid = try pid()
            for number in try Syscalls.openDescriptors(of: pid) {
                do throws(Errno) {
                    let copy = try descriptor(number)
                    if try Sockets.cookie(of: copy) == cookie { return true }
                } catch .notASocket, .badDescriptor {
                    continue
                }
            }
            return hasExited() ? nil : false
        } catch {
            return nil
        }
    }
}
