internal import CLinux
internal import Glibc
internal import Synchronization

/// Which descriptor numbers outlive a coordinator, in memory that it shares with its keeper.
///
/// A process can die between any two instructions: an entry counts once its kind is written, and
/// is taken back before the number is closed.
@safe package final class KeptDescriptors: @unchecked Sendable {
    // Unchecked because the memory is written atomically, by one process at a time.

    package enum Kind: UInt32, Sendable {
        /// A socket in escrow; its label is the number of its handoff.
        case escrow = 1
        /// The listener, whose file is the coordinator's to remove.
        case listener = 2
        /// A listener that a service manager made.
        case inheritedListener = 3
        /// A socket that a service manager kept; its label is the socket's cookie.
        case stored = 4
        /// What nobody needs, and whose close can wait.
        case lingering = 5
        /// What the keeper was started with, and nobody here knows.
        case inherited = 6
    }

    package struct Entry: Sendable, Equatable {
        package let number: CInt
        package let kind: Kind
        package let label: UInt64
        /// Of the coordinator that wrote it.
        package let epoch: UInt64
    }

    /// Numbers from here on cannot be kept: what fs.nr_open allows a process by default.
    package static let capacityMaximum: UInt64 = 1 << 20

    private let memory: OpaquePointer
    private let capacity: CInt

    /// - Parameter capacity: the numbers below can be kept.
    ///
    /// mmap(2), MAP_SHARED
    package init(capacity: UInt64) throws(Errno) {
        let capacity = UInt32(min(max(capacity, 1), Self.capacityMaximum))
        guard let memory = unsafe clinux_keeping_make(capacity) else {
            throw Errno(rawValue: errno)
        }
        unsafe self.memory = memory
        self.capacity = CInt(capacity)
    }

    /// Says that a descriptor is to be kept. False for a number beyond the capacity.
    package func keep(
        _ descriptor: borrowing some NumberedDescriptor & ~Copyable, as kind: Kind,
        label: UInt64 = 0, epoch: UInt64 = 0
    ) -> Bool {
        descriptor.withNumber { set($0, kind, label: label, epoch: epoch) }
    }

    /// False for a number beyond the capacity.
    func set(_ number: CInt, _ kind: Kind, label: UInt64 = 0, epoch: UInt64 = 0) -> Bool {
        unsafe clinux_keeping_set(memory, number, kind.rawValue, label, epoch) == 0
    }

    /// Must come before the descriptor is closed.
    package func forget(_ descriptor: borrowing some NumberedDescriptor & ~Copyable) {
        descriptor.withNumber { unsafe clinux_keeping_clear(memory, $0) }
    }

    package func entry(of number: CInt) -> Entry? {
        var (label, epoch): (UInt64, UInt64) = (0, 0)
        let kind = unsafe clinux_keeping_get(memory, number, &label, &epoch)
        return Kind(rawValue: kind).map {
            Entry(number: number, kind: $0, label: label, epoch: epoch)
        }
    }

    /// All that is kept, by number.
    package var entries: [Entry] {
        (0..<CInt(unsafe clinux_keeping_end(memory))).compactMap { entry(of: $0) }
    }

    /// Gives what was kept to a new owner. The number stays kept.
    package func descriptor(of entry: Entry) -> Descriptor { Descriptor(owning: entry.number) }

    /// What names the socket under this number; nil when there is none.
    package func cookie(of entry: Entry) -> UInt64? {
        do throws(Errno) {
            return try Syscalls.cookie(entry.number)
        } catch {
            return nil
        }
    }

    /// Another descriptor of what is kept, which stays as it is.
    package func duplicate(of entry: Entry) throws(Errno) -> Descriptor {
        try Syscalls.duplicate(entry.number)
    }

    /// Leaves descriptors open past the end of their owners: this process is about to end, and
    /// its keeper has them.
    package static func leave(_ descriptors: [SharedDescriptor]) {
        left.withLock { $0 += descriptors }
    }

    private static let left = Mutex<[SharedDescriptor]>([])

    // MARK: - What both processes know

    package enum Fact: Int32 {
        /// Process ids; 0 for none.
        case keeper = 0
        /// How often a coordinator was made after the first.
        case restarts = 1
        /// Whether the present coordinator has been ready for clients.
        case hasServed = 2
        /// The process id of a keeper whose end is not in the log yet.
        case lostKeeper = 3
        /// Whether the service manager's store has not been emptied since a stop.
        case hasStored = 4
    }

    package subscript(fact: Fact) -> Int32 {
        get { unsafe clinux_keeping_fact(memory, fact.rawValue) }
        set { unsafe clinux_keeping_set_fact(memory, fact.rawValue, newValue) }
    }

    // MARK: - The keeper's part

    /// Keeps what is open now, whatever it is.
    package func keepOpen() throws(Errno) {
        for number in try Syscalls.openDescriptors() where number > Self.lastStandardStream {
            _ = set(number, .inherited)
        }
    }

    /// Closes everything that is not kept, but for the standard streams: to the rest of the world
    /// this is the moment at which the dead coordinator's files, locks and connections end.
    ///
    /// What could wait in its close is left to the next coordinator, which has a thread for that.
    ///
    /// close_range(2)
    package func closeTheRest() throws(Errno) {
        keepLingering()
        for number in openNumbers() where entry(of: number) == nil {
            try Syscalls.done { clinux_close_range(UInt32(number), UInt32(number)) }
        }
    }

    /// Keeps what could wait in its close: sockets that linger, and those in whose queues such can
    /// be. Whoever has the other end of such a connection learns from the next coordinator that it
    /// has ended.
    func keepLingering() {
        for number in openNumbers()
        where entry(of: number) == nil && ClosingWait(number) == .linger {
            // One that finds no room is closed here, where it waits.
            _ = set(number, .lingering)
        }
    }

    /// All numbers that may be open, but for the standard streams. To look for them takes a
    /// descriptor: of a table that is full every number is tried.
    private func openNumbers() -> [CInt] {
        do throws(Errno) {
            return try Syscalls.openDescriptors().filter { $0 > Self.lastStandardStream }
        } catch {
            return Array(Self.lastStandardStream + 1..<max(capacity, Self.lastStandardStream + 1))
        }
    }

    private static let lastStandardStream: CInt = 2
}
