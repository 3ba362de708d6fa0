/// How much one user and all of them may ask for, and why each number is what it is.
package struct AdmissionLimits: Sendable, Equatable {
    /// Connections in all; each costs a descriptor and a watched process.
    package var connections = 4096
    /// How many of them only root and the coordinator's own user may take, so that whoever runs the
    /// coordinator can ask it what is going on while others have taken all the rest. Never more
    /// than a quarter of all.
    package var connectionsReserved = 64
    /// Connections of one user, so that idle ones cannot lock the others out.
    package var connectionsPerUser = 2048
    /// Refused requests of one user that are written in one second. What is beyond is counted
    /// in one `requests.suppressed`, so that nobody can fill the disk with refusals: 100 a
    /// second are at most 3 GiB a day.
    package var refusalsPerSecond = 100
    /// The same of all users together, some of whom can have many numbers (subuid(5)).
    package var refusalsPerSecondOfAll = 1000
    /// Requests of one user that are answered in one second, far beyond what a sound program asks.
    /// What is beyond is refused; confirms, closes, declines and revokes never are, or who has
    /// reached it could not give back what it holds.
    package var requestsPerSecond = 100_000
    /// The same of all users together: above what one may ask, so that no one user has it all.
    package var requestsPerSecondOfAll = 200_000
    /// Requests that are received and not yet answered. They are in memory, each with up to two
    /// descriptors, so a host with a low RLIMIT_NOFILE sets less; what is beyond stays in the
    /// queues of its senders.
    package var requestsInFlight = 1024
    /// The same of one user, so that the others' are received in the same round.
    package var requestsInFlightPerUser = 512

    package init() {}

    /// Connections that everybody may take.
    package var connectionsForAll: Int { connections - min(connectionsReserved, connections / 4) }
}
