internal import CLinux

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

    deinit { _ = unsafe clinux_end_table_copy(copy) }

    /// Lets its thread exit, which closes what nobody else has.
    consuming func end() -> ExitingThread {
        let id = unsafe clinux_end_table_copy(copy)
        discard self
        return ExitingThread(id: id)
    }
}

/// A thread that closes its copy of the table as it exits, one descriptor after the other.
struct ExitingThread {
    fileprivate let id: CInt

    /// One that has got its number since is taken for it.
    var isGone: Bool { clinux_has_thread(id) == 0 }
}

/// The threads that close as they exit. Of what the kernel closes slowly, as packet sockets, each
/// takes its time, and several take theirs at once; the process cannot end before them.
struct ExitingThreads {
    static let maximum = 64
    private static let lookMilliseconds: Int64 = 1

    private var threads: [ExitingThread] = []

    /// Waits until there are few enough for one more.
    mutating func makeRoom() {
        while threads.count >= Self.maximum {
            threads.removeAll { $0.isGone }
            guard threads.count >= Self.maximum else { return }
            Clock.sleep(milliseconds: Self.lookMilliseconds)
        }
    }

    mutating func add(_ thread: ExitingThread) { threads.append(thread) }
}
