import Foundation
import Journal
import Registry
import Testing
import Transport

@testable import baton

@Suite("history -f, ended and begun again with a cursor file")
struct FollowStressTests {
    /// Appends to a log under the eyes of its followers.
    private final class Writer {
        let log: SampleLog
        private let journal: Journal
        private var registry: Registry
        /// The events that the followers ask for.
        private(set) var wanted: [Int] = []

        init() throws {
            log = try SampleLog([.clockStepped(by: 0)])
            journal = try Journal(path: log.path, program: "baton test", now: SampleLog.start)
            registry = try journal.restore()
        }

        /// Several commits, of which one event in five is wanted.
        func append(commits: Int) throws {
            for _ in 0..<commits {
                var batch: [AppliedEvent] = []
                for place in 0..<20 {
                    let isWanted = place % 5 == 3
                    let content: Event.Content =
                        isWanted
                        ? .keeperLost(found: "x")
                        : place % 2 == 0 ? .clockStepped(by: 1) : .storeFull(found: "y")
                    let event = SampleLog.event(content, sequence: registry.nextSequence)
                    if isWanted { wanted.append(Int(event.sequence)) }
                    batch.append(AppliedEvent(event: event, applied: registry.apply(event)))
                }
                try journal.append(batch, state: registry)
                Clock.sleep(milliseconds: 2)
            }
        }

        func close() throws { try journal.close() }
    }

    private static let filter = [
        "outcome=failed", "event!=store.full", "-o", "json", "--fields", "seq",
    ]

    private func arguments(_ writer: Writer, _ more: [String]) -> [String] {
        let cursor = writer.log.directory.file("cursor")
        return ["history", "--database", writer.log.path, "--cursor-file", cursor] + Self.filter
            + more
    }

    /// The whole lines of an output; what was cut off is no line.
    private func numbers(_ text: String) -> [Int] {
        text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().compactMap {
            Int($0.filter(\.isNumber))
        }
    }

    /// What each of several followers printed, each ended by a signal while events come.
    private func follow(_ writer: Writer, signal: Int32, rounds: Int) throws -> [[Int]] {
        var printed: [[Int]] = []
        for round in 0..<rounds {
            try writer.append(commits: 3)
            var child = try ChildProcess.spawn(Program.plan(arguments(writer, ["-f"])))
            guard let pipe = child.standardOutput.take() else { return printed }
            let first = try Program.readLine(pipe)
            try writer.append(commits: 1 + round * 7 % 23)
            try child.kill(signal)
            try writer.append(commits: 2)
            let rest = try Program.readAll(pipe)
            printed.append(numbers(first + rest))
            let status = Transport.ExitStatus(rawStatus: try child.wait())
            switch signal {
            case SignalDescriptor.interrupt: #expect(status == .code(130))
            case SignalDescriptor.terminate: #expect(status == .code(0))
            default: #expect(status == .signal(signal))
            }
        }
        // What is left, without waiting for more.
        printed.append(numbers(try Program.run(arguments(writer, [])).output))
        #expect(try Program.run(arguments(writer, [])).output == "")
        return printed
    }

    @Test(
        "what the followers print together is each wanted event once, in order",
        arguments: [SignalDescriptor.interrupt, SignalDescriptor.terminate])
    func ended(signal: Int32) throws {
        let writer = try Writer()
        let printed = try follow(writer, signal: signal, rounds: 6)
        try writer.close()
        #expect(printed.flatMap { $0 } == writer.wanted)
        #expect(printed.dropLast().allSatisfy { !$0.isEmpty })
    }

    @Test("one that is killed leaves nothing out, and only its last batch can come again")
    func killed() throws {
        let writer = try Writer()
        let printed = try follow(writer, signal: 9, rounds: 6)
        try writer.close()
        #expect(Set(printed.flatMap { $0 }) == Set(writer.wanted))
        for numbers in printed { #expect(numbers == Array(Set(numbers)).sorted()) }
        for (before, after) in zip(printed, printed.dropFirst()) {
            let both = before.filter(Set(after).contains)
            #expect(both == Array(before.suffix(both.count)))
            #expect(both == Array(after.prefix(both.count)))
        }
    }

    @Test("the place is told after each page, also where nothing was found, and can end a listing")
    func places() throws {
        let count = 2 * LogReader.pageRows + 5
        let log = try SampleLog((0..<count).map { .clockStepped(by: Int64($0)) })
        func places(_ query: HistoryQuery, stopAfter limit: Int = .max) throws -> [UInt64] {
            var places: [UInt64] = []
            _ = try CollectedOutput.text { output in
                var listing = HistoryListing(
                    reader: try log.reader(), query: query, style: RowStyle(.raw), output: output,
                    end: UInt64(count))
                listing.progress = { next in
                    places.append(next)
                    return places.count == limit
                }
                #expect(
                    try listing.write(below: UInt64(count), count: nil) == places.last)
            }
            return places
        }
        let page = UInt64(LogReader.pageRows)
        #expect(try places(HistoryQuery()) == [page, 2 * page, UInt64(count)])
        #expect(try places(HistoryQuery(), stopAfter: 1) == [page])
        var none = HistoryQuery()
        none.kinds = [.keeperLost]
        #expect(try places(none) == [UInt64(count)])
    }
}
