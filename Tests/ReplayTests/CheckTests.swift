import Foundation
import GRDB
import Journal
import Registry
import Replay
import Testing

@testable import baton

@Suite("Checks of a history")
struct CheckTests {
    /// Which checks find something in a log to which these events were added.
    private func found(
        _ add: (LivedLog, LivedLog.Story) -> Void
    ) throws -> Set<HistoryCheck> {
        let log = try LivedLog()
        let story = log.tell()
        add(log, story)
        let checker = try HistoryChecker.run(try log.reader())
        return Set(checker.findings.map(\.check))
    }

    /// The same for a log that was changed behind the coordinator's back.
    private func found(_ sql: String) throws -> Set<HistoryCheck> {
        let log = try LivedLog()
        _ = log.tell()
        _ = try log.reader()
        let queue = try DatabaseQueue(path: log.path)
        try queue.write { db in
            try db.execute(
                sql: "DROP TRIGGER event_no_update; DROP TRIGGER event_no_delete; \(sql)")
        }
        try queue.close()
        let checker = try HistoryChecker.run(try LogReader(path: log.path))
        return Set(checker.findings.map(\.check))
    }

    @Test func `what the rules wrote holds all promises`() throws {
        #expect(try found { _, _ in } == [])
    }

    @Test(
        "what somebody changed is found out",
        arguments: [
            ("DELETE FROM event WHERE seq = 20", HistoryCheck.sequenceDense),
            ("UPDATE event SET body = CAST('{\"v\":1}' AS BLOB) WHERE seq = 20", .bodyCanonical),
            ("UPDATE event SET reason = 'used' WHERE seq = 20", .columnsDerived),
            (
                "UPDATE event SET body = CAST(replace(CAST(body AS TEXT), '00112233445566ff', "
                    + "'ff112233445566ff') AS BLOB) WHERE seq = 20", .oneLog
            ),
            ("UPDATE handoff SET state = 'issued', ended_us = NULL", .projectionAgrees),
            ("UPDATE handoff SET ended_us = 1, state = 'revoked'", .projectionAgrees),
        ])
    func changed(sql: String, check: HistoryCheck) throws {
        #expect(try found(sql).contains(check))
    }

    private static let request = RequestID(nonce: 5, counter: 1, watermark: 0)

    private static func reserved(_ handoff: UInt64, by actor: UInt64, attempt: UInt32 = 1)
        -> Event.Content
    {
        .handoffReserved(
            Event.Reserved(
                actor: actor, handoff: handoff, attempt: attempt, flags: 1, request: request))
    }

    @Test func `redemptions`() throws {
        #expect(
            try found { log, story in log.record(Self.reserved(story.open, by: story.stranger)) }
                .contains(.redeemedByTarget))
        #expect(
            try found { log, story in log.record(Self.reserved(story.expired, by: story.client)) }
                .contains(.reservedWhileOpen))
        #expect(
            try found { log, story in
                log.record(Self.reserved(story.open, by: story.helper, attempt: 3))
            }.contains(.attemptsCount))
        #expect(
            try found { log, story in
                log.record(.handoffDelivered(handoff: story.open, how: .confirmed))
            }.contains(.deliveredAfterReserved))
        #expect(
            try found { log, story in
                log.record(.handoffDelivered(handoff: story.delivered, how: .confirmed))
            }.contains(.deliveredOnce))
        #expect(
            try found { log, story in log.record(.handoffExpired(handoff: story.revoked)) }
                .contains(.endedOnce))
        #expect(
            try found { log, story in
                let late = log.duplicate(
                    story.client, to: .process(story.helper), story.socket, ttl: 1_000)
                log.perform(.stepClock(by: 0), after: 5_000)
                log.record(Self.reserved(late, by: story.helper))
            }.contains(.redeemedInTime))
    }

    @Test func `processes, descriptors and sockets`() throws {
        #expect(
            try found { log, story in log.record(Self.reserved(story.open, by: story.worker)) }
                .contains(.silentAfterExit))
        #expect(
            try found { log, story in
                log.record(
                    .descriptorClosed(process: story.stranger, socket: story.socket, how: .exit))
            }.contains(.closedWhatWasOpen))
        #expect(
            try found { log, story in
                log.record(.socketReleased(socket: story.socket, how: .counted))
            }.contains(.releasedWhenEmpty))
        #expect(
            try found { log, _ in log.record(.handoffExpired(handoff: 1)) }
                .contains(.referencesExist))
        #expect(
            try found { log, story in
                log.record(.descriptorClosed(process: 2, socket: story.socket, how: .exit))
            }.contains(.referencesExist))
    }

    @Test func `clocks, causes and epochs`() throws {
        #expect(
            try found { log, story in log.record(.handoffExpired(handoff: story.open), cause: 1) }
                .contains(.causeIsEarlierStep))
        #expect(
            try found { log, _ in log.record(.coordinatorStarted(pid: 5, epoch: 9)) }
                .contains(.epochsRise))
        #expect(
            try found { log, _ in
                log.perform(.drain, after: -3_000_000); log.record(.keyRotated(key: "k"))
            }
            .contains(.bootClockAdvances))
        #expect(
            try found("UPDATE event SET time_us = time_us + 1 WHERE seq = 3")
                == [.columnsDerived])
    }

    @Test func `the document explains every check`() throws {
        let folder = GoldenFile.path("").split(separator: "/").dropLast(2).map { "/\($0)" }.joined()
        let text = try String(contentsOfFile: folder + "/docs/checks.md", encoding: .utf8)
        for check in HistoryCheck.allCases {
            #expect(text.contains("| \(check.rawValue) | \(check.promise)"), "\(check)")
        }
        #expect(Set(HistoryCheck.allCases.map(\.rawValue)).count == HistoryCheck.allCases.count)
    }
}
