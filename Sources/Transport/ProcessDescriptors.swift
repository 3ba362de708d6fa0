internal import Glibc

extension ProcessHandle {
    /// Copies of those sockets of the process that are wanted, one each, by their cookies. Less
    /// than all of them where the process has closed some, and none where we may not look.
    ///
    /// proc_pid_fd(5), pidfd_getfd(2)
    /// - Parameter wanted: the cookie for each inode.
    package borrowing func sockets(_ wanted: [UInt64: UInt64]) -> [UInt64: SharedDescriptor] {
        var found: [UInt64: SharedDescriptor] = [:]
        do throws(Errno) {
            let pid = try pid()
            for number in try Syscalls.openDescriptors(of: pid) where found.count < wanted.count {
                // The name is only where to look: the cookie proves it, of what the process has
                // and not what another one with its number might.
                guard let inode = Self.socketInode(pid: pid, number), let cookie = wanted[inode],
                    found[cookie] == nil, let copy = copy(number, cookie: cookie)
                else { continue }
                found[cookie] = copy
            }
        } catch {
            // It has ended, or is not ours to look at.
        }
        return found
    }

    private static func socketInode(pid: Int32, _ number: CInt) -> UInt64? {
        do throws(Errno) {
            let name = try Syscalls.readLink("/proc/\(pid)/fd/\(number)", relativeTo: AT_FDCWD)
            let text = String(decoding: name, as: UTF8.self)
            guard text.hasPrefix("socket:["), text.hasSuffix("]") else { return nil }
            return UInt64(text.dropFirst(8).dropLast())
        } catch {
            return nil
        }
    }

    private borrowing func copy(_ number: CInt, cookie: UInt64) -> SharedDescriptor? {
        do throws(Errno) {
            let copy = try descriptor(number)
            return try Sockets.cookie(of: copy) == cookie ? SharedDescriptor(copy) : nil
        } catch {
            return nil
        }
    }
}
