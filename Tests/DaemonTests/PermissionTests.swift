import Testing

@testable import Transport

/// Who may revoke, and to whom a socket can be handed.
@Suite(.enabled(if: HostFacts.effectiveUID() == 0, "other users need root"))
struct PermissionTests {
    /// Of nobody, who owns nothing.
    static let otherUID: UInt32 = 65_534

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
}
