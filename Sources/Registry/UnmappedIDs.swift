/// The ids that the kernel tells for users and groups that have none in the coordinator's user
/// namespace, all of them; nil where each has one. So two processes with such an id need not be of
/// one user, and nothing is allowed for it.
package struct UnmappedIDs: Sendable, Equatable {
    package var user: UInt32?
    package var group: UInt32?

    package init(user: UInt32? = nil, group: UInt32? = nil) {
        self.user = user
        self.group = group
    }

    static let userKey = "unmapped_user"
    static let groupKey = "unmapped_group"

    /// Whether both are of one user, for certain.
    package func areSameUser(_ first: UInt32?, _ second: UInt32) -> Bool {
        first == second && second != user
    }
}
