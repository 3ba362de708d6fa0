import ArgumentParser
import Journal
import Registry
import Testing

@testable import baton

@Suite("Which events history finds")
struct FilterTests {
    @Test("without a filter it finds all events, oldest first, without a limit")
    func everything() throws {
        let log = try SampleLog()
        #expect(try numbers(log) == Array(0..<40))
    }

    @Test("newest first, the newest few, and both")
    func order() throws {
        let log = try SampleLog()
        #expect(try numbers(log, isReversed: true) == Array((0..<40).reversed()))
        #expect(try numbers(log, count: 3) == [37, 38, 39])
        #expect(try numbers(log, count: 3, isReversed: true) == [39, 38, 37])
        #expect(try numbers(log, count: 0) == [])
        #expect(try numbers(log, count: 0, isReversed: true) == [])
        #expect(try numbers(log, count: .max) == Array(0..<40))
        #expect(try numbers(log, count: 2) { $0.kinds = [.handoffIssued] } == [17, 19])
    }

    @Test("by process: who acts, who is meant, and whose handoff it is")
    func processes() throws {
        let log = try SampleLog()
        let ofHandoffs = [7, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22]
        #expect(try numbers(log) { $0.pids = [815] } == ([5, 20, 21] + ofHandoffs).sorted())
        #expect(
            try numbers(log) { $0.pids = [812] }
                == ([4, 8, 25, 26, 28, 29] + ofHandoffs).sorted())
        #expect(try numbers(log) { $0.pids = [900] } == [9, 10, 23])
        #expect(try numbers(log) { $0.pids = [-1] } == [])
        #expect(try numbers(log) { $0.uids = [1001] } == [9, 10, 23, 24])
        // Whom an event names, though no process of theirs is known.
        #expect(try numbers(log) { $0.pids = [4242] } == [8])
        #expect(try numbers(log) { $0.pids = [901] } == [23])
        #expect(try numbers(log) { $0.uids = [1002] } == [23])
        #expect(
            try numbers(log) {
                $0.executables = ["target"]
                $0.kinds = [.processSeen]
            } == [5])
        #expect(
            try numbers(log) {
                $0.executables = ["/usr/bin/echo-client"]
                $0.kinds = [.processSeen]
            } == [4])
        #expect(try numbers(log) { $0.executables = ["arget"] } == [])
    }

    @Test("by handoff and by socket")
    func handoffs() throws {
        let log = try SampleLog()
        #expect(try numbers(log) { $0.handoffs = [7] } == [7, 10, 11, 12, 13, 14])
        #expect(try numbers(log) { $0.handoffs = [15, 17] } == [15, 16, 17, 18])
        #expect(try numbers(log) { $0.handoffs = [.max] } == [])
        #expect(
            try numbers(log) { $0.sockets = [6] } == [
                6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 25, 26, 27, 28, 29,
            ])
    }

    @Test("by kind, outcome and reason")
    func words() throws {
        let log = try SampleLog()
        #expect(
            try numbers(log) { $0.kinds = [.handoffRevoked, .handoffExpired] } == [16, 18])
        #expect(try numbers(log) { $0.outcomes = [.refused] } == [8, 10, 23, 24])
        #expect(
            try numbers(log) { $0.reasons = ["wrong process", "target exited"] } == [10, 22])
    }

    @Test("by time and by number, the end left out")
    func ranges() throws {
        let log = try SampleLog()
        let time = { Timestamp(microseconds: SampleLog.start + $0 * 1_000_000) }
        #expect(
            try numbers(log) {
                $0.since = time(3)
                $0.until = time(5)
            } == [3, 4])
        #expect(try numbers(log) { $0.sequences = [3..<5, 38..<UInt64.max] } == [3, 4, 38, 39])
        #expect(try numbers(log) { $0.sequences = [5..<5] } == [])
    }

    @Test("different filters mean and")
    func conjunction() throws {
        let log = try SampleLog()
        #expect(
            try numbers(log) {
                $0.pids = [815]
                $0.outcomes = [.accepted]
                $0.sequences = [12..<15]
            } == [13, 14])
    }

    @Test("filters on the command line become the query", arguments: [["--socket", "6"], []])
    func parsed(extra: [String]) throws {
        let filters = try HistoryFilters.parse(
            [
                "--pid", "-1", "--pid", "5", "--uid", "0", "--exe", "cat", "--handoff", "#7",
                "--event", "handoff.issued", "--outcome", "failed", "--reason", "used",
                "--since", "2026-11-23", "--since", "2026-11-22", "--until", "2026-11-24",
                "--seq", "1..3", "--seq", "..",
            ] + extra)
        let query = try filters.query(in: try SampleLog().reader())
        #expect(query.pids == [-1, 5])
        #expect(query.uids == [0])
        #expect(query.executables == ["cat"])
        #expect(query.handoffs == [7])
        #expect(query.sockets == (extra.isEmpty ? [] : [6]))
        #expect(query.kinds == [.handoffIssued])
        #expect(query.outcomes == [.failed])
        #expect(query.reasons == ["used"])
        #expect(query.since?.description == "2026-11-22T00:00:00.000000Z")
        #expect(query.until?.description == "2026-11-24T00:00:00.000000Z")
        #expect(query.sequences == [1..<3, 0..<UInt64.max])
    }

    @Test("more events than a page holds are all found, in each order")
    func pages() throws {
        let count = LogReader.pageRows * 2 + 7
        let log = try SampleLog((0..<count).map { .clockStepped(by: Int64($0)) })
        #expect(try numbers(log) == Array(0..<count))
        #expect(try numbers(log, isReversed: true) == Array((0..<count).reversed()))
        #expect(try numbers(log, count: 1_500) == Array(count - 1_500..<count))
        #expect(
            try numbers(log, count: 1_500, isReversed: true)
                == Array((count - 1_500..<count).reversed()))
    }
}
