/// How much the rules hold, and why each number is what it is. All of them, in one place.
package struct Limits: Sendable, Equatable {
    /// Open handoffs in all. Each costs one descriptor of the coordinator, so a host with a low
    /// RLIMIT_NOFILE sets less.
    package var handoffs = 65_536
    /// Open handoffs of one user (the source's), so that one cannot take all of them.
    package var handoffsPerUser = 16_384
    /// Processes that are watched until they end: each costs one pidfd.
    package var processes = 32_768
    /// The same of one effective user, so that its idle processes cannot lock the others out.
    package var processesPerUser = 16_384
    /// How many of all only those users may take who have fewer than `processesForCertain`, so that
    /// a few users who together take all the rest lock nobody out. Never more than a quarter of
    /// all.
    package var processesReserved = 8192
    /// Sockets with at least one descriptor that Baton knows of: some 300 bytes each.
    package var sockets = 131_072
    /// The same of those that the processes of one effective user have: half, so that with what it
    /// has in escrow besides and what nobody has any more it leaves room for the others.
    package var socketsPerUser = 65_536
    /// Descriptors that handoffs gave and nobody has closed: 8 bytes each, here and in every
    /// snapshot, and an event at their process's exit.
    package var descriptors = 262_144
    /// The same of one effective user, the target's: one process can have itself given any number
    /// of descriptors of one socket.
    package var descriptorsPerUser = 65_536
    /// Registrations of network events in all. Each keeps its socket in memory, so they may keep
    /// half of those at the most, and handoffs have the rest.
    package var registrations = 65_536
    /// Registrations of one user, so that one cannot take all of them.
    package var registrationsPerUser = 16_384
    /// Instances of the client library in one process. One is usual; a fork draws a new one.
    package var clientsPerProcess = 16
    /// Sockets of which Baton knows no descriptor any more, kept until the kernel tells their end:
    /// somebody may have them by fork(2). With more of them the next is released as `counted`, so
    /// that sockets which others keep open leave room for those that are handed over.
    package var unheldSockets = 32_768

    package init() {}

    /// Processes that everybody may take.
    package var processesForAll: Int { processes - min(processesReserved, processes / 4) }

    /// Processes that a user may have watched though the others have taken all but those that are
    /// reserved: a service with its workers. There are enough reserved for 256 such users.
    package static let processesForCertain = 32
    /// Answers that are kept for one client beyond its watermark. The library has one request
    /// outstanding for each thread that calls it.
    package static let answersPerClient = 64
    /// How often one ticket is granted: each attempt that fails is two events. A target without a
    /// free descriptor has three in one call.
    package static let attemptsPerHandoff: UInt32 = 256
    /// Ended handoffs whose end is still told by name ("used", "revoked"); for older ones the
    /// answer is "ended", and the log has the rest.
    package static let endedHandoffs = 16_384
    /// The longest lifetime of a ticket, in microseconds: 30 days, below the boot clock's range by
    /// far, and beyond that the target's own life is the better bound.
    package static let lifetime: UInt64 = 30 * 24 * 3600 * 1_000_000
    /// What exited processes leave behind is closed in portions of this many events, so that one
    /// exit with thousands of handoffs does not delay the others' requests.
    package static let drainPortion = 256
    /// Text that comes from a client: what `redeem` executes, why a handoff is revoked.
    package static let textByteCount = 1024
}
