internal import Glibc

/// Which processes have descriptors of some sockets, by the links that /proc/PID/fd shows.
///
/// A socket on its way in a message, registered with an io_uring, or held by a thread with a
/// descriptor table of its own is in none of them, nor is a process outside our PID namespace.
///
/// proc_pid_fd(5)
package struct HolderScan: Sendable {
    package struct Holder: Sendable, Hashable {
        package var pid: Int32
        /// The numbers of its descriptors of one socket, in order.
        package var descriptors: [Int32]
    }

    /// By the inode of the socket, each in the order of the process ids.
    package private(set) var holders: [UInt64: [Holder]] = [:]
    /// Processes whose descriptors could be read.
    package private(set) var readable: Set<Int32> = []
    /// Processes whose descriptors we may not read, or could not: all of them where /proc is that
    /// of another PID namespace.
    package private(set) var unreadable: [Int32] = []

    /// Looks at all descriptors of all processes: some 6 µs each.
    package init(inodes: Set<UInt64>) throws(Errno) {
        let pids = try Syscalls.numbers(inDirectory: "/proc")
        guard HostFacts.seesOwnProcesses else {
            // Whoever has these numbers there is nobody that we know.
            unreadable = pids
            return
        }
        for pid in pids {
            do throws(Errno) {
                try look(at: pid, for: inodes)
                readable.insert(pid)
            } catch .accessDenied, .notPermitted, .again {
                unreadable.append(pid)
            } catch .noEntry, .noSuchProcess {
                // It has ended meanwhile.
                continue
            }
        }
    }

    private mutating func look(at pid: Int32, for inodes: Set<UInt64>) throws(Errno) {
        let shown = try ShownDescriptors(of: pid)
        var found: [UInt64: [Int32]] = [:]
        var isMissingSome = false
        for number in shown.numbers {
            let link: [UInt8]
            // Listing them can be allowed where following them is not.
            do throws(Errno) {
                link = try Syscalls.readLink("\(shown.directory)/\(number)", relativeTo: AT_FDCWD)
            } catch .noEntry {
                isMissingSome = true
                continue
            }
            guard let inode = Self.socketInode(link), inodes.contains(inode) else { continue }
            found[inode, default: []].append(number)
        }
        // Closed meanwhile, or the thread that showed them has ended, and what it had is there.
        if isMissingSome, try ShownDescriptors(of: pid).thread != shown.thread { throw .again }
        for (inode, numbers) in found {
            holders[inode, default: []].append(Holder(pid: pid, descriptors: numbers))
        }
    }

    /// `socket:[4711]`
    static func socketInode(_ link: [UInt8]) -> UInt64? {
        let prefix = Array("socket:[".utf8)
        guard link.starts(with: prefix), link.last == UInt8(ascii: "]") else { return nil }
        return UInt64(String(decoding: link.dropFirst(prefix.count).dropLast(), as: UTF8.self))
    }
}
