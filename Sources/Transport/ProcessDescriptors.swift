internal import Glibc

extension ProcessHandle {
    /// Copies of those sockets of the process that are wanted, one each, by their cookies. Less
    /// than all of them where the process has closed some, and none where we may not look.
    ///
    /// proc_pid_fd(5), pidfd_getfd(2)
    /// - Parameter wanted: the cookie for each inode.
    package borrowing func sockets(_ wanted: [UInt64: UInt64]) -> [UInt64: SharedDescriptor] {
        var found: [UInt64: SharedDescriptor] = [:]
        let cookies = Set(wanted.values)
        do throws(Errno) {
            for number in try candidates(wanted) where found.count < cookies.count {
                // Where it was found is only where to look: the cookie proves it, of what the
                // process has and not what another one with its number might.
                guard let (cookie, copy) = try socket(number), cookies.contains(cookie) else {
                    continue
                }
                found[cookie] = copy
            }
        } catch {
            // It has ended, or is not ours to look at.
        }
        return found
    }

    /// Numbers of descriptors among which those are that are wanted.
    ///
    /// Reading the list of another user's process takes CAP_DAC_READ_SEARCH, copying from it does
    /// not: then all numbers that its table has room for are candidates.
    private borrowing func candidates(_ wanted: [UInt64: UInt64]) throws(Errno) -> [CInt] {
        let pid = try pid()
        do throws(Errno) {
            return try Syscalls.openDescriptors(of: pid).filter { number in
                Self.socketInode(pid: pid, number).map { wanted[$0] != nil } ?? false
            }
        } catch .accessDenied {
            let size: Int64? = try Syscalls.withContents(of: "/proc/\(pid)/status", capacity: 8192)
            {
                KernelText.integer(after: "FDSize:", in: $0)
            }
            return Array(0..<CInt(clamping: size ?? 0))
        }
    }

    private static func socketInode(pid: Int32, _ number: CInt) -> UInt64? {
        do throws(Errno) {
            return HolderScan.socketInode(
                try Syscalls.readLink("/proc/\(pid)/fd/\(number)", relativeTo: AT_FDCWD))
        } catch {
            return nil
        }
    }

    /// A copy of one of its sockets, by its cookie; nil where the number has none. Throws when we
    /// may not copy anything.
    private borrowing func socket(_ number: CInt) throws(Errno) -> (UInt64, SharedDescriptor)? {
        do throws(Errno) {
            let copy = try descriptor(number)
            return (try Sockets.cookie(of: copy), SharedDescriptor(copy))
        } catch .badDescriptor, .notASocket {
            return nil
        }
    }
}
