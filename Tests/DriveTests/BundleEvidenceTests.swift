import Evidence
import Foundation
import Journal
import Registry
import Testing

@testable import Drive

/// A bundle's events are those that were signed, or it is refused.
@Suite struct BundleEvidenceTests {
    private static let goldenPath =
        #filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined()
        + "/Golden/signed.bundle"

    private func golden() throws -> BundleText {
        BundleText(Array(try Data(contentsOf: URL(filePath: Self.goldenPath))))
    }

    /// With BATON_WRITE_GOLDEN set the file is written anew, to be looked at; the test fails then.
    @Test func `a bundle of today is the one that is kept`() throws {
        let packed = try HistoryBundle.pack(
            try SignedLog().reader(), 0..<100, program: "test"
        ).bytes
        if ProcessInfo.processInfo.environment["BATON_WRITE_GOLDEN"] != nil {
            try Data(packed).write(to: URL(filePath: Self.goldenPath))
            Issue.record("the bundle was written anew")
        }
        #expect(try golden().lines == BundleText(packed).lines)
    }

    @Test func `the one that is kept is read, with all that is proved`() throws {
        let bundle = try golden().read()
        let evidence = try #require(bundle.evidence)
        #expect(evidence.keys == [try SignedLog.key(1).verifier, try SignedLog.key(2).verifier])
        #expect(evidence.checkpoint.origin == SignedLog.origin)
        #expect(evidence.covered == evidence.checkpoint.size)
        #expect(UInt64(bundle.events.count) > evidence.covered)
        #expect(evidence.covered > 8)
    }

    @Test func `every part of a log is proved as far as it is covered`() throws {
        let log = try SignedLog()
        let reader = try log.reader()
        let count = try reader.eventCount()
        let size = try #require(try reader.checkpoint()).checkpoint.size
        for first in 0..<count {
            for end in first + 1...count {
                let packed = try HistoryBundle.pack(reader, first..<end, program: "test")
                let bundle = try HistoryBundle(packed.bytes)
                let covered = packed.range.clamped(to: 0..<size).count
                #expect(bundle.evidence?.covered == UInt64(covered))
                #expect(bundle.evidence?.checkpoint.size == size)
            }
        }
    }

    @Test func `a bundle that is too long to be read is not packed`() throws {
        let reader = try SignedLog().reader()
        let whole = try HistoryBundle.pack(reader, 0..<100, program: "test").bytes
        let fits = try HistoryBundle.pack(
            reader, 0..<100, program: "test", byteCountMaximum: whole.count)
        #expect(fits.bytes == whole)
        #expect(throws: HistoryBundle.PackError.tooLong(whole.count - 1)) {
            try HistoryBundle.pack(
                reader, 0..<100, program: "test", byteCountMaximum: whole.count - 1)
        }
    }

    @Test func `a log without evidence is packed without, and so is one where that is wanted`()
        throws
    {
        let bare = try SignedLog(keys: [])
        let packed = try HistoryBundle.pack(try bare.reader(), 0..<9, program: "test")
        #expect(packed.evidence == nil)
        #expect(try HistoryBundle(packed.bytes).evidence == nil)
        let signed = try SignedLog()
        let left = try HistoryBundle.pack(
            try signed.reader(), 0..<9, program: "test", withEvidence: false)
        #expect(!String(decoding: left.bytes, as: UTF8.self).contains("\"bundle\":\"proof\""))
        #expect(try HistoryBundle(left.bytes).evidence == nil)
    }

    // MARK: - Damage

    /// The whole log, and a part of it with hashes on both sides.
    @Test(.timeLimit(.minutes(5)), arguments: [0..<100, 7..<9] as [Range<UInt64>])
    func `one bit of what is signed, or proves it, is found`(_ range: Range<UInt64>) throws {
        let text = try BundleText(SignedLog(), range)
        let bundle = try text.read()
        let covered = Int(try #require(bundle.evidence).covered)
        let bytes = text.bytes
        var offset = 0
        var count = 0
        for (index, line) in text.lines.enumerated() {
            let isEvidence = line.hasPrefix("{\"bundle\":\"checkpoint") || line.contains("\"of\":")
            let isCovered = text.events.prefix(covered).contains(index)
            // Of the events every third byte: their hashes are over all of them.
            for place in stride(from: offset, to: offset + line.utf8.count, by: isEvidence ? 1 : 3)
            where isEvidence || isCovered {
                var other = bytes
                other[place] ^= 1 << UInt8(place % 8)
                count += 1
                #expect(throws: BundleError.self, "line \(index + 1), byte \(place - offset)") {
                    try HistoryBundle(other)
                }
            }
            offset += line.utf8.count + 1
        }
        #expect(count > 1_500)
    }

    @Test func `another word in an event is found, and named as events that were not signed`()
        throws
    {
        var text = try golden()
        let place = try #require(text.events.first { text.lines[$0].contains("pid\":815") })
        let proof = try text.index("proof", of: "events")
        try text.replace(place, "pid\":815", "pid\":816")
        let covered = try text.member(try text.index("checkpoint"), "covered")
        let last = try #require(UInt64(covered)) - 1
        let problem = try #require(text.problem())
        #expect(problem.line == proof + 1)
        #expect(problem.text == "events 0 to \(last) are not those that were signed")
    }

    @Test func `an event left out is found where the numbers are made dense again`() throws {
        let good = try golden()
        let events = good.events
        for (left, place) in events.enumerated() where left < events.count - 3 {
            var text = good
            for (number, index) in events.enumerated() where number > left {
                try text.replace(index, "\"seq\":\(number),", "\"seq\":\(number - 1),")
            }
            text.lines.remove(at: place)
            let last = events.count - 1
            try text.replace(0, "\"last\":\"\(last)\"", "\"last\":\"\(last - 1)\"")
            let problem = try #require(text.problem(), "event \(left)")
            #expect(problem.kind == .damaged)
        }
    }

    @Test func `an event that takes the place of another keeps its number and is found`() throws {
        var text = try golden()
        let seen = text.events.filter { text.lines[$0].contains("\"process.seen\"") }
        try #require(seen.count == 2)
        let numbers = try seen.map { index in
            try #require(text.events.firstIndex(of: index))
        }
        text.lines[seen[0]] = text.lines[seen[1]]
            .replacing("\"seq\":\(numbers[1])", with: "\"seq\":\(numbers[0])")
        #expect(text.problem()?.text.contains("not those that were signed") == true)
    }

    @Test func `the checkpoint of another log, or of another key, proves nothing here`() throws {
        let own = try BundleText(SignedLog(), 7..<9)
        let other = try BundleText(SignedLog(number: 1), 7..<9)
        let lines = [
            try own.index("checkpoint"), try own.index("proof", of: "key"),
            try own.index("proof", of: "events"),
        ]
        #expect(other.problem() == nil)
        // One after the other, and all of them.
        for chosen in lines.map({ [$0] }) + [lines, Array(lines.dropLast())] {
            var text = own
            for index in chosen { text.lines[index] = other.lines[index] }
            #expect(text.problem()?.kind == .damaged, "\(chosen)")
        }
        var signed = own
        let note = try own.text(lines[0], "note").split(separator: "\n\n")[0] + "\n"
        let forged = try SignedNote(String(note), keys: [try SignedLog.key(9)])
        try signed.set(lines[0], "note", Array(forged.description.utf8))
        #expect(signed.problem()?.text.contains("not signed by the key") == true)
    }

    @Test func `evidence that is missing, twice or in the wrong place is damage`() throws {
        let good = try golden()
        let (checkpoint, events) = (
            try good.index("checkpoint"), try good.index("proof", of: "events")
        )
        for index in [checkpoint, try good.index("proof", of: "key"), events] {
            var text = good
            let line = text.lines.remove(at: index)
            #expect(text.problem()?.kind == .damaged)
            text.lines.append(line)
            #expect(text.problem()?.kind == .damaged)
            text = good
            text.lines.insert(line, at: index)
            #expect(text.problem()?.kind == .damaged)
        }
        var text = good
        try text.replace(checkpoint, "\"covered\":\"", "\"covered\":\"1")
        #expect(text.problem()?.text.contains("and not as said") == true)
        text = good
        try text.replace(events, "\"of\":\"events\"", "\"of\":\"time\"")
        #expect(text.problem()?.kind == .notOurs)
        text = good
        try text.set(events, "path", [UInt8](repeating: 0, count: 32))
        #expect(text.problem()?.text.contains("not those that were signed") == true)
        try text.set(events, "path", [UInt8](repeating: 0, count: 129 * 32))
        #expect(text.problem()?.text.contains("proves none") == true)
        // Without any of it the bundle says nothing about its origin.
        text = good
        text.lines.removeAll { $0.contains("\"bundle\":\"proof\"") }
        text.lines.remove(at: checkpoint)
        #expect(try text.read().evidence == nil)
    }

    // MARK: - Keys

    @Test func `a second signature alone makes no key the log's`() throws {
        var text = try BundleText(SignedLog(keys: [1]))
        let index = try text.index("checkpoint")
        #expect(try text.read().evidence?.keys == [try SignedLog.key(1).verifier])
        // Anybody can sign below, and say that the event which names the key was left out.
        let stranger = try SignedLog.key(9)
        let note = try text.text(index, "note")
        let own = try SignedNote(String(note.split(separator: "\n\n")[0] + "\n"), keys: [stranger])
        let both = note + (own.description.split(separator: "\n").last.map { "\($0)\n" } ?? "")
        #expect(SignedNote(both)?.isSigned(by: stranger.verifier) == true)
        try text.set(index, "note", Array(both.utf8))
        #expect(text.problem()?.text.contains("not signed by the key") == true)
    }

    @Test func `a key takes over by an event that the key before has signed`() throws {
        let good = try golden()
        let index = try good.index("proof", of: "key")
        let body = try good.text(index, "event")
        let stranger = try SignedLog.key(9)
        var text = good
        let known = try SignedLog.key(2).verifier.description
        try text.set(
            index, "event",
            Array(body.replacing(known, with: stranger.verifier.description).utf8))
        #expect(text.problem()?.line == index + 1)
        // Of the third key the second one vouches, and the first one of the second.
        let third = try BundleText(SignedLog(keys: [1, 2, 3])).read()
        #expect(try third.evidence?.keys == [1, 2, 3].map { try SignedLog.key($0).verifier })
        text = try BundleText(SignedLog(keys: [1, 2, 3]))
        text.lines.swapAt(index, index + 1)
        #expect(text.problem()?.line == index + 1)
    }
}
