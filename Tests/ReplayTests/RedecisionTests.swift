import Foundation
import Journal
import Registry
import Replay
import Testing

@testable import baton

@Suite("Deciding again")
struct RedecisionTests {
    @Test func `the same rules decide the same`() throws {
        let log = try LivedLog()
        _ = log.tell()
        let redecision = try Redecide.run(try log.reader())
        #expect(redecision.differenceCount == 0)
        #expect(redecision.eventCount == log.registry.nextSequence)
        #expect(redecision.stepCount > 30 && redecision.stepCount < redecision.eventCount)
        // What is only taken as recorded proves nothing, so there is little of it.
        #expect(redecision.asRecorded.values.reduce(0, +) == 0)
        try GoldenFile.expect("redecide.txt") { output in
            try Redecide.write(redecision, log: LivedLog.logID, all: true, .short, to: output)
        }
    }

    @Test func `from any instant on as from the beginning`() throws {
        let log = try LivedLog()
        _ = log.tell()
        let reader = try log.reader()
        for sequence in 0..<log.registry.nextSequence {
            #expect(try Redecide.run(reader, since: sequence).differenceCount == 0)
        }
    }

    @Test func `other rules decide otherwise, and only where they apply`() throws {
        let log = try LivedLog()
        let story = log.tell()
        var rules = Rules()
        rules.limits.handoffsPerUser = 0
        let redecision = try Redecide.run(try log.reader(), rules: rules)
        #expect(
            redecision.differences.map(\.sequence) == [
                story.delivered, story.passedOn, story.revoked, story.expired, story.voided,
                story.open,
            ])
        let first = try #require(redecision.differences.first)
        guard case .handoffIssued? = first.recorded.first,
            case .handoffRefused(let refused)? = first.decided.first
        else {
            Issue.record("it was issued, and would be refused")
            return
        }
        #expect(refused.reason == .tooManyForUser)
    }

    @Test func `a history that was tampered with is found out`() throws {
        let log = try LivedLog()
        let story = log.tell()
        // No rule lets a stranger have it.
        log.record(
            .handoffReserved(
                Event.Reserved(
                    actor: story.stranger, handoff: story.open, attempt: 1, flags: 1,
                    request: RequestID(nonce: 5, counter: 1, watermark: 0))))
        let redecision = try Redecide.run(try log.reader())
        #expect(redecision.differenceCount == 1)
        #expect(redecision.differences.first?.sequence == log.registry.nextSequence - 1)
    }

    @Test func `an exit with more than a portion of handoffs is drained as it was`() throws {
        let log = try LivedLog()
        let story = log.tell()
        for _ in 0..<(2 * Limits.drainPortion + 40) {
            log.duplicate(story.client, to: .process(story.helper), story.socket, after: 1_000)
        }
        log.perform(.exit(process: story.helper, status: 0))
        while !log.registry.exiting.isEmpty { log.perform(.drain, after: 0) }
        let redecision = try Redecide.run(try log.reader())
        #expect(redecision.differenceCount == 0)
    }

    private static let histories: [String] = {
        do {
            return try FileManager.default.contentsOfDirectory(
                atPath: GoldenFile.path("Histories")
            ).filter { $0.hasSuffix(".jsonl") }.sorted()
        } catch {
            preconditionFailure("the recorded histories cannot be listed: \(error)")
        }
    }()

    /// None is lost: what a version has recorded is read by all later ones.
    @Test func `the recorded histories are all there`() {
        #expect(
            Set(Self.histories).isSuperset(of: [
                "handoffs.jsonl", "refusals.jsonl", "load.jsonl", "keeper.jsonl",
                "rules-0.1.0.jsonl", "notifications-0.1.0.jsonl", "limits-0.1.0.jsonl",
                "keeper-0.1.0.jsonl", "users-0.1.0.jsonl", "suppressed-0.1.0.jsonl",
            ]))
    }

    /// Histories that coordinators have recorded, in the order in which they came: a version that
    /// decides otherwise says so here, before it is released.
    @Test(arguments: histories)
    func `a history of an earlier version is decided as it was`(_ name: String) throws {
        let text = try String(
            contentsOfFile: GoldenFile.path("Histories/\(name)"), encoding: .utf8)
        var redecision = Redecision()
        for line in text.split(separator: "\n") {
            redecision.add(try DecodedEvent(Array(line.utf8)).event)
        }
        redecision.finish()
        #expect(redecision.eventCount > 10)
        #expect(redecision.differences.map(\.sequence) == [])
    }
}
