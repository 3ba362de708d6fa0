/// Which processes a rule is about. A selector without values is about all.
package struct ProcessPattern: Sendable, Equatable {
    /// Effective user ids.
    package var uids: [UInt32] = []
    /// Effective group ids; what else a process is a member of gives it nothing here.
    package var gids: [UInt32] = []
    /// Paths of executables.
    package var executables: [NamePattern] = []
    /// Paths of version 2 control groups, each with all below it.
    package var controlGroups: [[UInt8]] = []
    /// Units of the system's service manager.
    package var units: [NamePattern] = []

    package init() {}

    /// Whether it looks at the process at all. A process can change all that there is to look at
    /// without a word to the coordinator.
    var hasSelectors: Bool { self != ProcessPattern() }

    /// The names of this pattern's selectors.
    struct Side {
        var uid: Policy.Selector
        var gid: Policy.Selector
        var executable: Policy.Selector
        var controlGroup: Policy.Selector
        var unit: Policy.Selector

        static let ofSource = Side(
            uid: .sourceUID, gid: .sourceGID, executable: .sourceExecutable,
            controlGroup: .sourceControlGroup, unit: .sourceUnit)
        static let ofTarget = Side(
            uid: .targetUID, gid: .targetGID, executable: .targetExecutable,
            controlGroup: .targetControlGroup, unit: .targetUnit)
    }

    /// Of each selector that has values whether one of them matches; nil where what it looks at
    /// cannot be seen.
    func matches(
        _ process: ProcessIdentity, _ side: Side, _ unmapped: UnmappedIDs
    ) -> [(selector: Policy.Selector, match: Bool?)] {
        var matches: [(selector: Policy.Selector, match: Bool?)] = []
        if !uids.isEmpty {
            let uid = process.effectiveUID
            matches.append((side.uid, uid == unmapped.user ? nil : uids.contains(uid)))
        }
        if !gids.isEmpty {
            let gid = process.effectiveGID
            matches.append((side.gid, gid == unmapped.group ? nil : gids.contains(gid)))
        }
        if !executables.isEmpty {
            let match = process.executable.map { path in executables.contains { $0.matches(path) } }
            matches.append((side.executable, match))
        }
        if !controlGroups.isEmpty {
            let match = process.controlGroup.map { group in
                controlGroups.contains { Self.group(group, isWithin: $0) }
            }
            matches.append((side.controlGroup, match))
        }
        if !units.isEmpty {
            let match = process.controlGroup.map { group in
                Self.unit(of: group).map { unit in units.contains { $0.matches(unit) } } ?? false
            }
            matches.append((side.unit, match))
        }
        return matches
    }

    private static func group(_ group: [UInt8], isWithin outer: [UInt8]) -> Bool {
        guard group.starts(with: outer) else { return false }
        return group.count == outer.count || outer.last == slash || group[outer.count] == slash
    }

    private static let slash = UInt8(ascii: "/")

    /// The unit that the system's manager runs, as sd_pid_get_unit(3) finds it: the first part of
    /// the path that is no slice. What a user's own manager makes below user@UID.service is not
    /// looked at, or anybody could pose as any unit.
    package static func unit(of group: [UInt8]) -> [UInt8]? {
        let slice = Array(".slice".utf8)
        let part = group.split(separator: slash).first { $0.suffix(slice.count) != slice[...] }
        return part.map { Array($0) }
    }
}

/// A name, or all names with one beginning and one end: `*` stands for any bytes between them.
package struct NamePattern: Sendable, Equatable {
    package let text: [UInt8]
    private let star: Int?

    /// Nil for an empty text and for one with more than one `*`.
    package init?(_ text: [UInt8]) {
        let stars = text.indices.filter { text[$0] == UInt8(ascii: "*") }
        guard !text.isEmpty, stars.count <= 1 else { return nil }
        self.text = text
        star = stars.first
    }

    func matches(_ name: [UInt8]) -> Bool {
        guard let star else { return name == text }
        return name.count >= text.count - 1 && name.starts(with: text[..<star])
            && name.suffix(text.count - star - 1) == text[(star + 1)...]
    }
}
