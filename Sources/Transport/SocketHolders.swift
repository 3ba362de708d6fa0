internal import CLinux
internal import Glibc

/// What the kernel shows of one process that has a descriptor of a socket.
package struct SocketHolder: Sendable, Hashable {
    package var pid: Int32
    package var parent: Int32?
    /// When it started, in clock ticks after boot; absent where we may not ask.
    package var startTicks: UInt64?
    package var uid: UInt32?
    /// Absent where we may not ask; see `ProcessHandle.instance(features:)`.
    package var instance: UInt64?
    package var executable: String?
    /// In order.
    package var descriptors: [Int32]
    /// Whether the cookie was compared, which proves it. Else only the inode is the same, a number
    /// that is used again.
    package var isProved: Bool
}

extension HolderScan {
    /// Who has the socket with this inode and cookie. A process whose descriptor turns out to be of
    /// another socket is left out.
    ///
    /// pidfd_getfd(2), proc(5)
    package func holders(
        inode: UInt64, cookie: UInt64, features: KernelFeatures
    ) -> [SocketHolder] {
        (holders[inode] ?? []).compactMap { holder in
            var found = SocketHolder(
                pid: holder.pid, descriptors: holder.descriptors, isProved: false)
            found.parent = Self.parent(of: holder.pid)
            do throws(Errno) {
                let handle = try ProcessHandle(pid: holder.pid)
                if let number = holder.descriptors.first {
                    switch Self.cookie(of: number, in: handle) {
                    case cookie: found.isProved = true
                    case nil: break
                    default: return nil
                    }
                }
                let facts = try handle.facts(features: features)
                found.uid = facts.effectiveUID
                found.instance = facts.instance
                found.startTicks = facts.startTicks > 0 ? facts.startTicks : nil
                found.executable = facts.executable.map { String(decoding: $0, as: UTF8.self) }
            } catch {
                // It has ended meanwhile, or we may not look at it.
                return found
            }
            return found
        }
    }

    /// Whether two processes have one table of descriptors; nil where we may not ask, or the kernel
    /// does not tell.
    ///
    /// kcmp(2), KCMP_FILES
    package static func shareDescriptors(_ one: Int32, _ other: Int32) -> Bool? {
        do throws(Errno) {
            return try Syscalls.value { clinux_shares_descriptors(one, other) } == 1
        } catch {
            return nil
        }
    }

    private static func cookie(of number: Int32, in process: borrowing ProcessHandle) -> UInt64? {
        do throws(Errno) {
            let copy = try process.descriptor(number)
            return try Sockets.cookie(of: copy)
        } catch {
            return nil
        }
    }

    /// proc_pid_status(5), PPid
    package static func parent(of pid: Int32) -> Int32? {
        guard HostFacts.seesOwnProcesses else { return nil }
        do throws(Errno) {
            return try Syscalls.withContents(of: "/proc/\(pid)/status", capacity: 8192) {
                KernelText.integer(after: "PPid:", in: $0).flatMap { Int32(exactly: $0) }
            }
        } catch {
            return nil
        }
    }
}
