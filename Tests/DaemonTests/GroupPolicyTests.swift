import Registry
import Testing

@testable import Transport

/// Rules by group: the effective one decides, live and when the history is decided again.
@Suite(.enabled(if: HostFacts.effectiveUID() == 0, "other groups need root"))
struct GroupPolicyTests {
    static let real: UInt32 = 65_531
    static let effective: UInt32 = 65_532
    static let supplementary: UInt32 = 65_530

    /// The beginning of a command that runs as another user with three different groups.
    static let launcher = [
        "/usr/bin/setpriv", "--reuid=\(PermissionTests.otherUID)", "--rgid=\(real)",
        "--egid=\(effective)", "--groups=\(supplementary)",
    ]

    /// A member of all three groups tries a handoff to another, under a rule that denies one.
    private func expectDenied(
        _ isDenied: Bool, side: String, group: UInt32
    ) throws {
        let scratch = try Scratch()
        let path = scratch["baton.yaml"]
        let rule = "{name: no members, action: deny, \(side): {gid: \(group)}}"
        try SystemFiles.writeFileExclusively(
            path, Array("rules:\n  - \(rule)\n".utf8), mode: 0o600)
        let coordinator = try RunningCoordinator(
            ["--configuration", path, "--socket-mode", "666"])
        let member = try coordinator.peer("member", launcher: Self.launcher)
        let other = try coordinator.peer("other", uid: PermissionTests.otherUID)
        for peer in [member, other] { try peer.perform("start") }
        let (source, target) = side == "source" ? (member, other) : (other, member)
        try source.perform("listen s 127.0.0.1:0 stream")
        let pids = ["policy", "explain", "--source", "\(source.pid)", "--target", "\(target.pid)"]
        let explained = try Tool.run(
            try Programs.built("baton"), pids + ["--configuration", path])
        if isDenied {
            try source.expect("denied by policy, 10022", "duplicate s \(target.pid)")
            #expect(explained.status == .code(1), "\(explained.output)")
        } else {
            try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
            #expect(explained.status == .code(0), "\(explained.output)")
        }
        _ = try coordinator.finish()
        let seen = try coordinator.events().compactMap { event -> ProcessIdentity? in
            guard case .processSeen(let identity) = event.content, identity.pid == member.pid
            else { return nil }
            return identity
        }
        #expect(seen.map(\.gid) == [Self.real])
        #expect(seen.map(\.effectiveGID) == [Self.effective])
        let again = try Tool.run(
            try Programs.built("baton"), ["redecide", "--database", coordinator.databasePath])
        #expect(again.status == .code(0), "\(again.output)\(again.error)")
    }

    @Test(arguments: ["source", "target"])
    func `a rule by group is about the effective group`(side: String) throws {
        try expectDenied(true, side: side, group: Self.effective)
    }

    @Test(arguments: [real, supplementary])
    func `neither the real group nor a supplementary one counts`(group: UInt32) throws {
        try expectDenied(false, side: "source", group: group)
    }
}
