import Foundation
import Journal
import Registry
import Testing

@testable import Transport
@testable import baton

/// Stories that real processes tell, each decided again and performed again as soon as it is told.
///
/// With BATON_RECORD_HISTORIES set they are kept as well, in Tests/ReplayTests/Histories: see the
/// README there. What is kept is never written over.
@Suite struct RecordedHistoryTests {
    private func finish(_ recording: Recording, _ name: String, has kinds: [EventKind]) throws {
        let result = try Program.run(["redecide", "--database", recording.databasePath])
        #expect(result.status == .code(0), "\(result.output)\(result.error)")
        #expect(result.output.contains("no difference"), "\(result.output)")
        let reader = try LogReader(path: recording.databasePath)
        var lines: [UInt8] = []
        var found: Set<EventKind> = []
        var next: UInt64? = 0
        while let from = next {
            let page = try reader.page(HistoryQuery(), from: from)
            for event in page.events {
                lines += event.body + [UInt8(ascii: "\n")]
                found.insert(event.kind)
            }
            next = page.next
        }
        #expect(Set(kinds).subtracting(found) == [])
        // Users of others, where there are any, have to reach the directory of the play.
        try SystemFiles.setMode(recording.directory, 0o711)
        let played = try recording.drive(try recording.bundle())
        #expect(played.status == .code(0), "\(played.output)\(played.error)")
        guard ProcessInfo.processInfo.environment["BATON_RECORD_HISTORIES"] != nil else { return }
        let folder = #filePath.split(separator: "/").dropLast(2).map { "/\($0)" }.joined()
        try SystemFiles.writeFileExclusively(
            "\(folder)/ReplayTests/Histories/\(name)-\(ProgramVersion.text).jsonl", lines,
            mode: 0o644)
    }

    @Test func `rules, marks and revokes`() throws {
        let recording = try Recording(configuration: { directory in
            """
            rules:
              - {name: no datagrams, action: deny, kinds: udp}
              - {name: not to strangers, action: deny, target: {exe: \(directory)/strange*}}
              - name: front to workers
                action: allow
                source: {exe: \(directory)/peer, cgroup: /}
                kinds: [tcp-listening, unix-stream]
              - {name: nobody else, action: deny}
            """
        })
        let (peer, stranger) = (try recording.otherPeer("peer"), try recording.otherPeer())
        let (source, target) = try recording.sourceAndTarget(program: peer)
        try source.perform("listen s 127.0.0.1:0 stream")
        let first = try source.perform("duplicate s \(target.pid)")
        let second = try source.perform("duplicate s \(target.pid) form=A lifetime=600000000")
        try target.perform("open t \(second)")
        try recording.wait(for: .handoffDelivered)
        try source.perform("listen d 127.0.0.1:0 datagram")
        try source.expect("denied by policy", "duplicate d \(target.pid)")
        let unseen = try recording.peer(program: stranger)
        try source.expect("denied by policy", "duplicate s \(unseen.pid)")
        try target.perform("exec \(stranger)")
        try target.expect("denied by policy", "open t \(first)")
        try source.perform("revoke \(try SameHistoryTests.handoff(first)) reason=not-for-strangers")
        try source.expect("revoked", "revoke \(try SameHistoryTests.handoff(first))")
        try recording.reload("strict: true")
        try source.perform("mark s guaranteed")
        try source.expect("quality of service", "duplicate s \(target.pid)")
        try source.perform("mark d best-effort")
        try target.end()
        try recording.wait(for: .processExited)
        try recording.stop()
        try finish(
            recording, "rules",
            has: [
                .configurationChanged, .handoffRefused, .redemptionRefused, .handoffRevoked,
                .socketMarked, .requestRefused, .processExited,
            ])
    }

    @Test func `registrations of network events, and looks at the host`() throws {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget(
            program: try recording.otherPeer("peer"))
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.perform("select s 8")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try recording.wait(for: .handoffDelivered)
        try target.perform("select t 9")
        try target.perform("deselect t")
        try source.perform("select s 1")
        try source.perform("listen u 127.0.0.1:0 stream")
        try source.perform("deselect u")
        try target.perform("drop t")
        try source.perform("reconcile")
        try source.perform("close s")
        try recording.wait(for: .socketReleased, count: 2)
        try source.kill(9)
        try recording.wait(for: .processExited)
        try recording.stop()
        try finish(
            recording, "notifications",
            has: [
                .notificationSelected, .notificationCancelled, .reconcileFound,
                .descriptorClosed, .socketReleased,
            ])
    }

    @Test func `limits that are reached`() throws {
        let recording = try Recording(configuration: { _ in
            """
            limits:
              handoffs_per_user: 2
              descriptors_per_user: 1
              registrations_per_user: 1
              sockets_per_user: 3
            """
        })
        let (source, target) = try recording.sourceAndTarget(
            program: try recording.otherPeer("peer"))
        for name in ["a", "b", "c", "d"] { try source.perform("listen \(name) 127.0.0.1:0 stream") }
        let first = try source.perform("duplicate a \(target.pid)")
        let second = try source.perform("duplicate a \(target.pid)")
        try source.expect("too many for user", "duplicate a \(target.pid)")
        try target.perform("open t \(first)")
        try recording.wait(for: .handoffDelivered)
        try target.expect("too many descriptors", "open u \(second)")
        try source.perform("select b 1")
        try source.expect("too many registrations", "select c 1")
        try source.expect("too many sockets", "duplicate d \(target.pid)")
        try target.perform("close t")
        try recording.wait(for: .descriptorClosed)
        try target.perform("open u \(second)")
        try recording.stop()
        try finish(
            recording, "limits",
            has: [.handoffRefused, .redemptionRefused, .requestRefused, .notificationSelected])
    }

    @Test(.enabled(if: HostFacts.effectiveUID() == 0, "only root can become others"))
    func `users that may not hand to each other`() throws {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget(
            program: try recording.otherPeer("peer"))
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try target.perform("become 1201 1201")
        try target.expect("not owner", "revoke \(try SameHistoryTests.handoff(record))")
        try target.perform("open t \(record)")
        try recording.wait(for: .handoffDelivered)
        try target.expect("not permitted", "duplicate t \(source.pid)")
        try source.perform("become 1202 1201")
        try source.perform("duplicate s \(target.pid)")
        try recording.stop()
        try finish(
            recording, "users", has: [.requestRefused, .handoffRefused, .handoffDelivered])
    }

    @Test func `refusals that are only counted`() throws {
        let recording = try Recording(configuration: { _ in
            "limits: {refusals_per_second_per_user: 2}"
        })
        let source = try recording.peer(program: try recording.otherPeer("peer"))
        try source.perform("start")
        for _ in 0..<9 { try source.expect("malformed record", "open x 00") }
        try recording.wait(for: .requestsSuppressed)
        try recording.stop()
        try finish(recording, "suppressed", has: [.redemptionRefused, .requestsSuppressed])
    }

    @Test func `a coordinator that is killed, and then its keeper`() throws {
        let recording = try Recording(["--keeper-lost", "continue"])
        let (source, target) = try recording.sourceAndTarget(
            program: try recording.otherPeer("peer"))
        try source.perform("listen s 127.0.0.1:0 stream")
        let first = try source.perform("duplicate s \(target.pid)")
        try recording.coordinatorHandle().signal(9)
        try recording.wait(for: .coordinatorRecovered)
        try target.perform("open t \(first)")
        try recording.wait(for: .handoffDelivered)
        let handle = try recording.coordinatorHandle()
        try recording.stop(9)
        try recording.wait(for: .keeperLost)
        try source.perform("duplicate s \(target.pid)")
        try handle.signal(SignalDescriptor.terminate)
        try recording.wait(for: .coordinatorStopped)
        try finish(
            recording, "keeper", has: [.coordinatorRecovered, .keeperLost, .coordinatorStopped])
    }
}
