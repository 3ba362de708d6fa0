internal import CLinux
internal import Glibc

extension ProcessHandle {
    /// Copies of those sockets of the process that are wanted, one each, by their cookies. Less
    /// than all of them where the process has closed some, and none where we may not look.
    ///
    /// Throws where this process has no descriptor left for them: that proves nothing.
    ///
    /// proc_pid_fd(5), pidfd_getfd(2)
    /// - Parameter wanted: the cookie for each inode.
    package borrowing func sockets(
        _ wanted: [UInt64: UInt64]
    ) throws(Errno) -> [UInt64: SharedDescriptor] {
        var found: [UInt64: SharedDescriptor] = [:]
        try find(wanted) { found[$0] = $1 }
        return found
    }

    /// The cookies alone, for which one copy at a time is enough.
    package borrowing func cookies(
        ofSockets wanted: [UInt64: UInt64]
    ) throws(Errno) -> Set<UInt64> {
        var found: Set<UInt64> = []
        try find(wanted) { cookie, _ in found.insert(cookie) }
        return found
    }

    private borrowing func find(
        _ wanted: [UInt64: UInt64], _ take: (UInt64, SharedDescriptor) -> Void
    ) throws(Errno) {
        var missing = Set(wanted.values)
        do throws(Errno) {
            guard HostFacts.seesOwnProcesses else { return }
            let pid = try pid()
            let (thread, numbers) = try Self.candidates(pid, wanted)
            // Without its first thread the process is asked through another one.
            let owner = try thread == pid ? duplicate() : self.thread(thread, of: pid)
            for number in numbers where !missing.isEmpty {
                // Where it was found is only where to look: the cookie proves it, of what the
                // process has and not what another one with its number might.
                guard let (cookie, copy) = try owner.socket(number),
                    missing.remove(cookie) != nil
                else { continue }
                take(cookie, copy)
            }
        } catch let error where error.isWantOfDescriptors {
            throw error
        } catch {
            // It has ended, or is not ours to look at.
        }
    }

    /// Numbers of descriptors among which those are that are wanted, and a thread that has them.
    ///
    /// Reading the list of another user's process takes CAP_DAC_READ_SEARCH, copying from it does
    /// not: then all numbers that its table has room for are candidates.
    private static func candidates(
        _ pid: Int32, _ wanted: [UInt64: UInt64]
    ) throws(Errno) -> (thread: Int32, numbers: [CInt]) {
        do throws(Errno) {
            let shown = try ShownDescriptors(of: pid)
            let numbers = shown.numbers.filter { number in
                socketInode(shown.directory, number).map { wanted[$0] != nil } ?? false
            }
            return (shown.thread, numbers)
        } catch .accessDenied {
            let size: Int64? = try Syscalls.withContents(of: "/proc/\(pid)/status", capacity: 8192)
            {
                KernelText.integer(after: "FDSize:", in: $0)
            }
            return (pid, Array(0..<CInt(clamping: size ?? 0)))
        }
    }

    /// One thread of this process, from which descriptors can be copied; nothing else is asked of
    /// it.
    ///
    /// pidfd_open(2), PIDFD_THREAD, since Linux 6.9
    private borrowing func thread(_ thread: Int32, of pid: Int32) throws(Errno) -> ProcessHandle {
        let handle = ProcessHandle(
            proven: try Syscalls.descriptor { clinux_pidfd_open_thread(thread) })
        // While it and the process live, its number in the process's list is its own.
        guard try Syscalls.numbers(inDirectory: "/proc/\(pid)/task").contains(thread),
            !handle.hasExited(), !hasExited()
        else { throw .noSuchProcess }
        return handle
    }

    private static func socketInode(_ directory: String, _ number: CInt) -> UInt64? {
        do throws(Errno) {
            return HolderScan.socketInode(
                try Syscalls.readLink("\(directory)/\(number)", relativeTo: AT_FDCWD))
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
