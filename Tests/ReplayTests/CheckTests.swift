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

    @Test func `a grant for which its target asks again is none of the findings`() throws {
        let log = try LivedLog()
        let story = log.tell()
        let first = log.redeem(story.open, by: story.helper)
        // As a target that has executed itself anew before it received the grant.
        let second = log.redeem(story.open, by: story.helper)
        let reader = try log.reader()
        let attempts = try reader.events(from: first).compactMap { event -> UInt32? in
            guard case .handoffReserved(let reserved) = event.content else { return nil }
            return reserved.attempt
        }
        #expect(attempts == [1, 2] && second > first)
        #expect(try HistoryChecker.run(reader).findings.map(\.check) == [])
        #expect(try Redecide.run(reader).differenceCount == 0)
    }

    private static let request = RequestID(nonce: 5, counter: 1, watermark: 0)

    private static func reserved(_ handoff: UInt64, by actor: UInt64, attempt: UInt32 = 1)
        -> Event.Content
    {
        .handoffReserved(
            Event.Reserved(
                actor: actor, handoff: handoff, attempt: attempt, flags: 1, request: request))
    }

    /// What is found in a history that breaks one promise. A new check is to have one here.
    private func foundWhereBroken(_ check: HistoryCheck) throws -> Set<HistoryCheck> {
        switch check {
        case .sequenceDense: try found("DELETE FROM event WHERE seq = 20")
        case .bodyCanonical:
            try found("UPDATE event SET body = CAST('{\"v\":1}' AS BLOB) WHERE seq = 20")
        case .columnsDerived: try found("UPDATE event SET reason = 'used' WHERE seq = 20")
        case .oneLog:
            try found(
                "UPDATE event SET body = CAST(replace(CAST(body AS TEXT), '00112233445566ff', "
                    + "'ff112233445566ff') AS BLOB) WHERE seq = 20")
        case .bootClockAdvances:
            try found { log, _ in
                log.perform(.drain, after: -3_000_000)
                log.record(.keyRotated(key: "k"))
            }
        case .clockStepsRecorded:
            try found { log, _ in
                log.moveWallClock(by: 600_000)
                log.record(.keyRotated(key: "k"))
            }
        case .causeIsEarlierStep:
            try found { log, story in log.record(.handoffExpired(handoff: story.open), cause: 1) }
        case .referencesExist:
            try found { log, _ in log.record(.handoffExpired(handoff: 1)) }
        case .epochsRise:
            try found { log, _ in log.record(.coordinatorStarted(pid: 5, epoch: 9)) }
        case .projectionAgrees:
            try found("UPDATE handoff SET state = 'issued', ended_us = NULL")
        default: try foundWhereBrokenByHandoff(check)
        }
    }

    private func foundWhereBrokenByHandoff(_ check: HistoryCheck) throws -> Set<HistoryCheck> {
        try found { log, story in
            switch check {
            case .deliveredOnce:
                log.record(.handoffDelivered(handoff: story.delivered, how: .confirmed))
            case .reservedWhileOpen:
                log.record(Self.reserved(story.expired, by: story.client))
            case .redeemedByTarget: log.record(Self.reserved(story.open, by: story.stranger))
            case .redeemedInTime:
                let late = log.duplicate(
                    story.client, to: .process(story.helper), story.socket, ttl: 1_000)
                log.perform(.stepClock(by: 0), after: 5_000)
                log.record(Self.reserved(late, by: story.helper))
            case .deliveredAfterReserved:
                log.record(.handoffDelivered(handoff: story.open, how: .confirmed))
            case .endedOnce: log.record(.handoffExpired(handoff: story.revoked))
            case .closedWhatWasOpen:
                log.record(
                    .descriptorClosed(process: story.stranger, socket: story.socket, how: .exit))
            case .silentAfterExit: log.record(Self.reserved(story.open, by: story.worker))
            case .releasedWhenEmpty:
                log.record(.socketReleased(socket: story.socket, how: .counted))
            case .attemptsCount:
                log.record(Self.reserved(story.open, by: story.helper, attempt: 3))
            default: Issue.record("no history breaks \(check.rawValue)")
            }
        }
    }

    @Test(arguments: HistoryCheck.allCases)
    func `each check finds a history that breaks its promise`(_ check: HistoryCheck) throws {
        #expect(try foundWhereBroken(check).contains(check))
    }

    @Test func `the same promises are broken in other ways, too`() throws {
        #expect(
            try found("UPDATE handoff SET ended_us = 1, state = 'revoked'")
                .contains(.projectionAgrees))
        #expect(
            try found { log, story in
                log.record(.descriptorClosed(process: 2, socket: story.socket, how: .exit))
            }.contains(.referencesExist))
        #expect(
            try found("UPDATE event SET time_us = time_us + 1 WHERE seq = 3")
                == [.columnsDerived])
    }

    @Test func `a step of the wall clock that is recorded is none of the findings`() throws {
        #expect(
            try found { log, _ in
                log.moveWallClock(by: -7_000_000)
                log.record(.clockStepped(by: -7_000_000))
                log.record(.keyRotated(key: "k"))
            } == [])
    }

    @Test(
        "what a newer program wrote is a finding that says so, and the check goes on",
        arguments: [
            (
                "body = CAST(replace(CAST(body AS TEXT), '\"event\":\"clock.stepped\"', "
                    + "'\"event\":\"clock.smeared\"') AS BLOB), kind = 99",
                "clock.smeared"
            ),
            (
                "body = CAST(replace(CAST(body AS TEXT), '\"v\":1', '\"v\":9') AS BLOB)",
                "version 9"
            ),
        ])
    func newer(change: String, word: String) throws {
        let log = try LivedLog()
        _ = log.tell()
        log.record(.clockStepped(by: 0))
        let number = log.registry.nextSequence - 1
        log.record(.handoffExpired(handoff: 1))
        _ = try log.reader()
        let queue = try DatabaseQueue(path: log.path)
        try queue.write { db in
            try db.execute(
                sql:
                    "DROP TRIGGER event_no_update; UPDATE event SET \(change) WHERE seq = \(number)"
            )
        }
        try queue.close()
        let findings = try HistoryChecker.run(try LogReader(path: log.path)).findings
        #expect(findings.map(\.check) == [.bodyCanonical, .referencesExist])
        #expect(findings.first?.sequence == number)
        #expect(findings.first?.detail.contains(word) == true)
    }

    @Test func `a column that no coordinator writes is a finding, not the end`() throws {
        for change in ["kind = 99", "outcome = 99", "actor = -1"] {
            #expect(
                try found("UPDATE event SET \(change) WHERE seq = 20") == [.columnsDerived],
                "\(change)")
        }
        #expect(
            try found("UPDATE event SET seq = -1 WHERE seq = 20").contains(.sequenceDense))
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
