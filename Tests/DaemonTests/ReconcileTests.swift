import TestSupport
import Testing
import Wire

@testable import Transport

/// A look at the host writes only what it can know: that a socket is in no list and among no
/// descriptors that could be looked at does not prove that it has ended.
@Suite(.enabled(if: Privileges.isRoot, "other users need root"))
struct ReconcileTests {
    /// Sockets that the kernel does not list, neither bound nor connected.
    private static let kinds = ["stream", "datagram"]

    private func look(askedBy peer: PeerProcess) throws -> [String: String] {
        let words = try peer.perform("reconcile").split(separator: " ").map {
            $0.split(separator: "=").map(String.init)
        }
        return Dictionary(uniqueKeysWithValues: words.map { ($0[0], $0[1]) })
    }

    /// A coordinator that may not look into root's processes.
    private func ordinaryCoordinator() throws -> RunningCoordinator {
        try RunningCoordinator(
            ["--socket-mode", "666"], launcher: Programs.asUser(PermissionTests.otherUID),
            mode: 0o777)
    }

    private func waitForLookAfterStart(_ coordinator: RunningCoordinator) throws {
        try Waiting.until("it has looked by itself") {
            try coordinator.status()["reconciles"] == "1"
        }
    }

    @Test(.enabled(if: Privileges.endsAreTold), arguments: kinds)
    func `a look closes nothing of processes that it cannot see`(_ kind: String) throws {
        let coordinator = try ordinaryCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("bare s \(kind)")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        let found = try look(askedBy: source)
        #expect(found["unreadable"] != "0")
        #expect(found["closed"] == "0" && found["released"] == "0")
        try coordinator.kill()
        try coordinator.start()
        try waitForLookAfterStart(coordinator)
        #expect(
            try !coordinator.story().contains {
                $0.hasPrefix("descriptor.closed") || $0.hasPrefix("socket.released")
            })
        try source.perform("close s")
        try target.perform("close t")
        try coordinator.wait(for: "socket.released socket-1 kernel")
        _ = try coordinator.finish()
    }

    @Test(.enabled(if: Privileges.endsAreTold), arguments: kinds)
    func `a socket on its way in a message is not called released`(_ kind: String) throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("bare s \(kind)")
        let cookie = try target.perform(
            "open t \(try source.perform("duplicate s \(target.pid)"))")
        try source.perform("close s")
        try coordinator.wait(for: "descriptor.closed socket-1 of source by closesocket")
        try target.perform("post t")
        let found = try look(askedBy: source)
        // Of its own descriptor the target is seen to have none.
        #expect(found["closed"] == "1" && found["released"] == "0")
        #expect(try coordinator.status()["unheld_sockets"] == "1")
        #expect(try target.perform("fetch t") == cookie)
        #expect(try !coordinator.story().contains { $0.hasPrefix("socket.released") })
        try target.perform("drop t")
        try coordinator.wait(for: "socket.released socket-1 kernel")
        _ = try coordinator.finish()
    }

    @Test func `each of several looks that one client asks for at once is answered`() throws {
        let coordinator = try RunningCoordinator()
        let connection = try TestConnection.started(coordinator.socketPath)
        let counters: [UInt64] = [2, 3, 4]
        for counter in counters {
            try connection.send(
                Frames.make { Request.encodeReconcile(counter: counter, into: &$0) })
        }
        let answered = try counters.map { _ in try connection.answer().counter }
        #expect(answered == counters)
    }

    @Test func `what ended unseen is counted as released where not all could be looked at`() throws
    {
        let coordinator = try ordinaryCoordinator()
        let own = PermissionTests.otherUID
        let source = try coordinator.peer("source", uid: own)
        let target = try coordinator.peer("target", uid: own)
        try source.perform("start")
        try target.perform("start")
        try source.perform("listen s 127.0.0.1:0 stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        try coordinator.stop()
        try source.perform("drop s")
        try target.perform("drop t")
        try coordinator.start()
        try coordinator.wait(for: "socket.released socket-1 counted")
        let story = try coordinator.finish()
        #expect(story.count { $0.hasSuffix("by observed") } == 2)
        let tool = try coordinator.baton("check")
        #expect(tool.status == .code(0), "\(tool.output)")
    }
}
