import Daemon
import Testing

@testable import Transport

/// Who may revoke, and to whom a socket can be handed.
@Suite(.enabled(if: HostFacts.effectiveUID() == 0, "other users need root"))
struct PermissionTests {
    /// Of nobody, who owns nothing.
    static let otherUID: UInt32 = 65_534

    @Test func `who may not connect is told so, and not that nobody is there`() throws {
        let coordinator = try RunningCoordinator()
        let command =
            Programs.asUser(Self.otherUID)
            + [try Programs.built("baton"), "status", "--socket", coordinator.socketPath]
        let refused = try Tool.run(command[0], Array(command.dropFirst()))
        #expect(refused.status == .code(3))
        #expect(refused.error.contains("this user may not connect to \(coordinator.socketPath): "))
        #expect(refused.error.contains("become a member of the socket's group"))
    }

    @Test func `a handoff is revoked by the source's user and by root, and by nobody else`() throws
    {
        let coordinator = try RunningCoordinator(["--socket-mode", "666"])
        let source = try coordinator.peer("source", uid: Self.otherUID)
        let target = try coordinator.peer("target", uid: Self.otherUID)
        let friend = try coordinator.peer("friend", uid: Self.otherUID)
        let root = try coordinator.peer("root")
        let stranger = try coordinator.peer("stranger", uid: 65_533)
        try source.perform("start")
        try target.perform("start")
        let listener = try Sockets.listen("127.0.0.1:0")
        try source.perform("connect s 127.0.0.1:\(try Sockets.localPort(listener)) stream")
        let far = try Sockets.accept(listener)
        let one = try Record(try source.perform("duplicate s \(target.pid)"))
        let two = try Record(try source.perform("duplicate s \(target.pid)"))
        try source.perform("close s")
        try stranger.expect("not owner, 10013", "revoke \(try one.handoff)")
        try friend.perform("revoke \(try one.handoff) reason=changed-our-mind")
        try friend.expect("revoked, 10022", "revoke \(try one.handoff)")
        try root.perform("revoke \(try two.handoff)")
        #expect(try far.readToEnd().isEmpty)
        try target.expect("revoked, 10022", "open t \(one.text)")
        try root.expect("unknown handoff, 10022", "revoke 1234567")
        let story = try coordinator.finish()
        #expect(
            story.filter { $0.contains("revoke") || $0.contains("released") } == [
                "request.refused revoke of stranger: not owner",
                "handoff.revoked handoff-1 by friend: changed-our-mind",
                "request.refused revoke of friend: revoked",
                "handoff.revoked handoff-2 by root",
                "socket.released socket-1 kernel",
                "redemption.refused handoff-1 by target: revoked",
                "request.refused revoke of root: unknown handoff",
            ])
    }

    @Test func `what has been delivered or is being delivered cannot be revoked`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        try target.rawStart()
        try target.perform("raw send \(Frames.redeem(counter: 2, record).text)")
        let handoff = try #require(
            try Frames.answer(try target.perform("raw receive")).grantedHandoff)
        #expect(try handoff == record.handoff)
        try source.expect("in delivery, 10022", "revoke \(handoff)")
        let confirm = Frames.confirm(handoff: handoff, cookie: try #require(UInt64(cookie)))
        try target.perform("raw send \(confirm.text)")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        try source.expect("used, 10022", "revoke \(handoff)")
        expectStory(
            try coordinator.finish().dropFirst(4).prefix(4),
            [
                "handoff.reserved handoff-1 by target, attempt 1",
                "request.refused revoke of source: in delivery",
                "handoff.delivered handoff-1 confirmed",
                "request.refused revoke of source: used",
            ])
    }

    @Test func `only root hands sockets to other users`() throws {
        let coordinator = try RunningCoordinator(["--socket-mode", "666"])
        let source = try coordinator.peer("source", uid: Self.otherUID)
        let stranger = try coordinator.peer("stranger", uid: 65_533)
        let root = try coordinator.peer("root")
        for peer in [source, stranger, root] { try peer.perform("start") }
        try source.perform("pair s far stream")
        try source.expect("not permitted, 10022", "duplicate s \(stranger.pid)")
        try source.expect("not permitted, 10022", "duplicate s \(root.pid)")
        let cookie = try root.perform("listen s 127.0.0.1:0 stream")
        let record = try root.perform("duplicate s \(stranger.pid)")
        #expect(try stranger.perform("open t \(record)") == cookie)
        let story = try coordinator.finish()
        #expect(
            story.filter { $0.hasPrefix("handoff") } == [
                "handoff.refused source: not permitted",
                "handoff.refused source: not permitted",
                "handoff.issued handoff-1 of socket-3 from root to stranger",
                "handoff.reserved handoff-1 by stranger, attempt 1",
                "handoff.delivered handoff-1 confirmed",
            ])
    }

    /// Who has root's rights when it connects, and how it gives them up: the real uid, which is all
    /// that a message tells, stays the same.
    enum Renunciation: String, CaseIterable {
        case rootForAWhile, setUserIDProgram

        var before: String { self == .rootForAWhile ? "0 0" : "65534 0" }
        var after: String { self == .rootForAWhile ? "0 65534" : "65534 65534" }
    }

    @Test(arguments: Renunciation.allCases)
    func `who has given its effective uid up has no more rights on its old connection`(
        _ kind: Renunciation
    ) throws {
        let coordinator = try RunningCoordinator(["--socket-mode", "666"])
        let front = try coordinator.peer("front")
        let stranger = try coordinator.peer("stranger", uid: 65_533)
        let friend = try coordinator.peer("friend", uid: Self.otherUID)
        try front.perform("become \(kind.before)")
        for peer in [front, stranger, friend] { try peer.perform("start") }
        try stranger.perform("pair s far stream")
        let record = try Record(try stranger.perform("duplicate s \(stranger.pid)"))
        try front.perform("pair s far stream")
        try stranger.perform("open t \(try front.perform("duplicate s \(stranger.pid)"))")
        try front.perform("reconcile")
        try front.perform("become \(kind.after)")
        try front.expect("not permitted, 10022", "duplicate s \(stranger.pid)")
        try front.expect("not owner, 10013", "revoke \(try record.handoff)")
        // This one has a connection of its own.
        try front.expect("not administrator, 10013", "reconcile")
        try friend.perform("open t \(try front.perform("duplicate s \(friend.pid)"))")
        try stranger.perform("open u \(record.text)")
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("process.seen front") } == 2)
    }

    @Test func `a target that has become another user's is no target for its first one`() throws {
        let coordinator = try RunningCoordinator(["--socket-mode", "666"])
        let source = try coordinator.peer("source", uid: Self.otherUID)
        let target = try coordinator.peer("target")
        try target.perform("become 0 65534")
        for peer in [source, target] { try peer.perform("start") }
        try source.perform("pair s far stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try target.perform("become 0 0")
        try source.expect("not permitted, 10022", "duplicate s \(target.pid)")
        try target.perform("become 0 65534")
        try target.perform("open u \(try source.perform("duplicate s \(target.pid)"))")
        _ = try coordinator.finish()
    }

    @Test func `on an older kernel a given up uid is found too`() async throws {
        let coordinator = try await EmbeddedCoordinator.start {
            $0.withheldFeatures = ["pidfdInfo"]
            $0.socketMode = 0o666
        }
        let (front, stranger) = (try coordinator.peer("front"), try coordinator.peer("stranger"))
        try stranger.perform("become 65533 65533")
        for peer in [front, stranger] { try peer.perform("start") }
        try front.perform("pair s far stream")
        try stranger.perform("open t \(try front.perform("duplicate s \(stranger.pid)"))")
        try front.perform("become 0 65534")
        try front.expect("not permitted, 10022", "duplicate s \(stranger.pid)")
        _ = try await coordinator.finish()
    }
}
