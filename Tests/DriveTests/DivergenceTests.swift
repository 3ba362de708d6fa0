import Journal
import Registry
import Testing

@testable import Drive
@testable import Transport

/// What is not the same is shown, and what cannot be performed is named.
@Suite struct DivergenceTests {
    /// A handoff, and a redemption by another process than the target.
    private func record() throws -> Recording {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try source.expect("wrong process", "open x \(record)")
        try target.perform("open t \(record)")
        try target.expect("used", "open x \(record)")
        try recording.stop()
        return recording
    }

    @Test func `another reason is the first difference, in two columns`() throws {
        let recording = try record()
        let path = try recording.tampered(
            try recording.bundle(), "\"redemption.refused\"", "\"wrong process\"", "\"expired\"")
        let result = try recording.drive(path)
        #expect(result.status == .code(1))
        let lines = result.output.split(separator: "\n").map { String($0) }
        #expect(lines.first?.hasPrefix("recorded by baton ") == true)
        let headings = try #require(lines.dropFirst().first)
        #expect(headings.contains("recorded"))
        #expect(headings.contains("now"))
        let marked = lines.filter { $0.hasPrefix("! ") }
        #expect(marked.count == 1)
        let columns = try #require(marked.first).components(separatedBy: " | ")
        #expect(columns.count == 2)
        #expect(columns[0].contains("redemption.refused handoff-1 by process-1"))
        #expect(columns[0].contains(": expired"))
        #expect(columns[1].hasPrefix("! redemption.refused handoff-1 by process-1"))
        #expect(columns[1].hasSuffix(": wrong process"))
        // Three lines before it, the same on both sides.
        #expect(lines.count { $0.contains(" | ") && $0.hasPrefix("  #") } >= 3)
        #expect(lines.contains { $0.contains("socket.seen socket-1") })
    }

    @Test func `a step that the new log does not have is one as well`() throws {
        let recording = try record()
        let path = try recording.tampered(
            try recording.bundle(), "\"handoff.reserved\"", "\"attempt\":1", "\"attempt\":2")
        let result = try recording.drive(path)
        #expect(result.status == .code(1))
        #expect(result.output.contains("attempt 2"))
        #expect(result.output.contains("| ! handoff.reserved handoff-1 by process-2, attempt 1"))
    }

    @Test func `what nobody can bring about is counted and named`() throws {
        let recording = try record()
        // The same place in the log, taken by something that only the host can do.
        let path = try recording.tampered(
            try recording.bundle(), "\"redemption.refused\"", "\"reason\":\"used\"",
            "\"reason\":\"descriptor limit\"")
        let other = try recording.tampered(
            path, "\"descriptor limit\"", "\"code\":10022", "\"code\":10024")
        let result = try recording.drive(other)
        #expect(result.status == .code(0), "\(result.output)\(result.error)")
        let expected = "; 1 could not be performed: 1 redemption.refused: descriptor limit\n"
        #expect(result.output.hasSuffix(expected), "\(result.output)")
    }

    @Test func `two columns fit into a terminal`() {
        let long = "redemption.refused handoff-1 by process-2, genuine: wrong process"
        let divergence = Divergence(rows: [
            Divergence.Row(recorded: "  recorded", now: "  now"),
            Divergence.Row(recorded: "! #8 \(long)", now: "! \(long) now"),
            Divergence.Row(recorded: "", now: "  socket.released"),
        ])
        #expect(
            divergence.lines(width: 60) == [
                "  recorded                   |   now",
                "! #8 redemption.refused      | ! redemption.refused",
                "      handoff-1 by           |       handoff-1 by",
                "      process-2, genuine:    |       process-2, genuine:",
                "      wrong process          |       wrong process now",
                "                             |   socket.released",
            ])
        let wide = divergence.lines()
        #expect(wide[1] == "! #8 \(long) | ! \(long) now")
        #expect(wide == divergence.lines(width: 200))
        #expect(divergence.lines(width: 24).allSatisfy { $0.count <= 43 })
    }

    // MARK: - Speeds

    @Test func `step by step, each after a line of input`() throws {
        let recording = try record()
        let result = try Program.run(
            [
                "drive", try recording.bundle(), "--directory", recording.directory, "--speed",
                "step",
            ], input: "\n\n\n")
        #expect(result.status == .code(0), "\(result.output)\(result.error)")
        let lines = result.output.split(separator: "\n")
        let end = " handoff.delivered handoff-1 confirmed"
        #expect(lines.contains { $0.hasPrefix("same #") && $0.hasSuffix(end) })
    }

    @Test func `to scale it is the same`() throws {
        let recording = try record()
        let result = try recording.drive(
            try recording.bundle(), ["--speed", "scale", "--scale", "0.01"])
        #expect(result.status == .code(0), "\(result.output)\(result.error)")
    }

    @Test func `scale makes a part of the recorded distance, and the others make none`() {
        let hour: Int64 = 3_600_000_000
        #expect(Conductor.Speed.scale(0.01).pause(recorded: hour) == 36_000)
        #expect(Conductor.Speed.scale(2).pause(recorded: 1_500) == 3)
        #expect(Conductor.Speed.scale(0).pause(recorded: hour) == 0)
        #expect(Conductor.Speed.scale(1).pause(recorded: -hour) == 0)
        #expect(Conductor.Speed.scale(1_000_000).pause(recorded: 1 << 53) == 2_000_000_000)
        #expect(Conductor.Speed.maximum.pause(recorded: hour) == 0)
        #expect(Conductor.Speed.step.pause(recorded: hour) == 0)
    }

    // MARK: - From the middle of a log

    @Test func `what is open before the range is made anew`() throws {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.perform("pair u far stream")
        let record = try source.perform("duplicate s \(target.pid)")
        let delivered = try source.perform("duplicate u \(target.pid)")
        try target.perform("open u \(delivered)")
        try recording.wait(for: .handoffDelivered)
        try target.perform("select u 1")
        let middle = try recording.eventCount()
        try target.perform("open s \(record)")
        try target.perform("close u")
        try source.perform("close u")
        try source.end()
        try recording.wait(for: .processExited)
        try recording.stop()
        try recording.expectSame("\(middle)..")
    }

    /// The kinds of the events in a bundle.
    private func kinds(_ path: String) throws -> [EventKind] {
        try HistoryBundle(try SystemFiles.readFile(path, limit: 1 << 20)).events
            .map { $0.content.kind }
    }

    @Test func `a range is one of whole steps, with what is seen for them`() throws {
        let recording = try record()
        let all = try kinds(try recording.bundle())
        let issued = try #require(all.firstIndex(of: .handoffIssued))
        let refused = try #require(all.firstIndex(of: .redemptionRefused))
        let seen = try kinds(try recording.bundle("\(issued)..\(issued + 1)"))
        #expect(seen == [.socketSeen, .handoffIssued])
        let ended = try kinds(try recording.bundle("\(issued - 1)..\(issued)"))
        #expect(ended == [.socketSeen, .handoffIssued])
        let one = try kinds(try recording.bundle("\(refused)..\(refused + 1)"))
        #expect(one == [.redemptionRefused])
    }

    @Test func `a range that ends in a start goes on to the start's end`() throws {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.perform("duplicate s \(target.pid)")
        try recording.crash()
        try source.perform("duplicate s \(target.pid)")
        try recording.stop()
        let all = try kinds(try recording.bundle())
        let first = try #require(all.firstIndex(of: .coordinatorStarted))
        let second = try #require(all.lastIndex(of: .coordinatorStarted))
        try #require(first > 1 && second > first)
        for end in [1, first] {
            let part = try kinds(try recording.bundle("0..\(end)"))
            #expect(part == Array(all[...first]))
        }
        let part = try kinds(try recording.bundle("0..\(second + 1)"))
        #expect(part.starts(with: all[...second] + [.coordinatorRecovered]))
        #expect(!part.dropFirst(second).contains(.handoffIssued))
        try recording.expectSame("0..\(first)")
        try recording.expectSame("0..\(second + 1)")
    }

    @Test func `a range without events is refused`() throws {
        let recording = try record()
        let none = try Program.run([
            "bundle", "900..", "\(recording.directory)/none", "--database",
            recording.databasePath,
        ])
        #expect(none.status == .code(1))
        #expect(none.error.contains("the log has"))
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [String] {
        guard let range = firstRange(of: separator) else { return [self] }
        return [String(self[..<range.lowerBound]), String(self[range.upperBound...])]
    }
}
