import Journal
import Transport

/// The processes of Baton itself among those that have a socket.
struct EscrowHolders {
    private(set) var coordinator: Int32?
    private(set) var keeper: Int32?

    private enum Clock {
        /// USER_HZ, the unit of what /proc tells: proc_pid_stat(5).
        static let microsecondsPerTick: Int64 = 10_000
    }

    /// The log names the coordinator by its number, which can be a stranger's by now, and says when
    /// it had started. Any program may have started it; only its keeper has one table of
    /// descriptors with it.
    ///
    /// - Parameter shareDescriptors: whether two processes have one table; nil where that may not
    ///   be asked.
    init(
        among found: [SocketHolder], recorded: RecordedCoordinator?,
        shareDescriptors: (Int32, Int32) -> Bool? = HolderScan.shareDescriptors
    ) {
        guard let recorded,
            let holder = found.first(where: { $0.pid == recorded.pid }),
            Self.hasStarted(holder, before: recorded.startedMicroseconds)
        else { return }
        coordinator = holder.pid
        guard let parent = found.first(where: { $0.pid == holder.parent }) else { return }
        let isKeeper =
            shareDescriptors(parent.pid, holder.pid)
            ?? (parent.executable != nil && parent.executable == holder.executable
                && parent.descriptors == holder.descriptors)
        if isKeeper { keeper = parent.pid }
    }

    /// Whoever had the number at that time and still runs has it still.
    private static func hasStarted(_ holder: SocketHolder, before moment: Int64) -> Bool {
        guard let ticks = holder.startTicks.flatMap({ Int64(exactly: $0) }) else { return false }
        let (start, isTooLarge) = ticks.multipliedReportingOverflow(by: Clock.microsecondsPerTick)
        return !isTooLarge && start <= moment
    }

    /// What a process is called; nil for any other.
    func name(of pid: Int32) -> String? {
        switch pid {
        case coordinator: "the coordinator"
        case keeper: "its keeper"
        default: nil
        }
    }
}
