import Registry
import Transport

/// What the kernel says of this host, and what of it this process cannot see.
///
/// It is read first: once the escrow is taken over there may be no descriptor left to read it.
struct HostSight {
    let bootID: String
    let unmapped: UnmappedIDs
    /// What of other users' processes cannot be seen.
    let unseen: [String]

    init() throws(DaemonError) {
        do throws(Errno) {
            bootID = try HostFacts.bootID()
            unmapped = UnmappedIDs(
                user: try HostFacts.unmappedUID(), group: try HostFacts.unmappedGID())
            unseen = try HostFacts.unseenOfOtherUsers()
        } catch {
            throw DaemonError("cannot read /proc", error)
        }
    }
}
