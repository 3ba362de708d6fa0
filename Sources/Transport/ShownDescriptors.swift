internal import Glibc

/// Where the kernel shows the descriptors of a process.
///
/// /proc/PID/fd is that of the first thread. Once it has ended (pthread_exit(3) in `main`) the list
/// is empty, though the other threads go on with the same descriptors.
///
/// proc_pid_fd(5), proc_pid_task(5)
struct ShownDescriptors {
    /// The thread whose list it is.
    let thread: Int32
    let directory: String
    let numbers: [CInt]

    /// Throws `.again` where the process has other threads and none of them shows any: that can be
    /// so while they end, and proves nothing.
    init(of pid: Int32) throws(Errno) {
        let numbers = try Syscalls.openDescriptors(of: pid)
        guard numbers.isEmpty else {
            (thread, directory, self.numbers) = (pid, "/proc/\(pid)/fd", numbers)
            return
        }
        let others = try Syscalls.numbers(inDirectory: "/proc/\(pid)/task").filter { $0 != pid }
        for thread in others {
            let directory = "/proc/\(pid)/task/\(thread)/fd"
            do throws(Errno) {
                let numbers = try Syscalls.numbers(inDirectory: directory)
                guard !numbers.isEmpty else { continue }
                (self.thread, self.directory, self.numbers) = (thread, directory, numbers)
                return
            } catch .noEntry, .noSuchProcess {
                // The thread has ended meanwhile.
                continue
            }
        }
        guard others.isEmpty else { throw .again }
        (thread, directory, self.numbers) = (pid, "/proc/\(pid)/fd", numbers)
    }
}
