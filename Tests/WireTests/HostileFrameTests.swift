import Registry
import TestSupport
import Testing
import Winsock
import Wire

/// Nothing that a stranger sends stops the program: it is read, or it is an error.
struct HostileFrameTests {
    private static let bits: [UInt8] = [1, 2, 4, 8, 16, 32, 64, 128, 255]
    /// Answers that go on to the end of their frame.
    private static let open: Set<String> = ["record", "report"]

    private var frames: [(name: String, frame: [UInt8], isAnswer: Bool)] {
        Samples.requests.map { ($0.name, $0.frame, false) }
            + Samples.answers.map { ($0.name, Samples.frame($0.answer), true) }
    }

    private func isReadable(_ frame: [UInt8], isAnswer: Bool) -> Bool {
        do throws(FrameError) {
            if isAnswer {
                _ = try decodeAnswer(frame)
            } else {
                _ = try decodeRequest(frame)
            }
            return true
        } catch {
            return false
        }
    }

    @Test func `a frame that is cut short anywhere is an error`() {
        for (name, frame, isAnswer) in frames {
            #expect(isReadable(frame, isAnswer: isAnswer))
            for count in 0..<frame.count {
                let cut = Array(frame.prefix(count))
                #expect(!isReadable(cut, isAnswer: isAnswer), "\(name), \(count) bytes")
                guard count >= 8, !Self.open.contains(name) else { continue }
                // With the count set right, what is missing is still missing.
                let recounted = cut.recounted()
                #expect(!isReadable(recounted, isAnswer: isAnswer), "\(name), \(count) bytes")
            }
        }
    }

    @Test func `a frame with one byte more is an error`() {
        for (name, frame, isAnswer) in frames {
            for byte in [0, 1, 255] as [UInt8] {
                #expect(!isReadable(frame + [byte], isAnswer: isAnswer), "\(name)")
                guard !Self.open.contains(name) else { continue }
                let recounted = (frame + [byte]).recounted()
                #expect(!isReadable(recounted, isAnswer: isAnswer), "\(name)")
            }
        }
    }

    @Test func `a frame with any byte changed to any other is read or is an error`() {
        var readable = 0
        var unreadable = 0
        for (_, frame, isAnswer) in frames {
            for index in frame.indices {
                let isFixed = index < 2 || (3..<8).contains(index)
                // Every value of every byte of the small frames, every bit of the long one.
                for change in frame.count < 64 ? Array(1...255) : Self.bits {
                    var changed = frame
                    changed[index] ^= change
                    let isRead = isReadable(changed, isAnswer: isAnswer)
                    if isRead, isFixed { Issue.record("byte \(index) is fixed") }
                    readable += isRead ? 1 : 0
                    unreadable += isRead ? 0 : 1
                }
            }
        }
        #expect(readable > 0 && unreadable > 0)
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `random bytes after a right header are read or are an error`(seed: UInt64) {
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var unreadable = 0
        for _ in 0..<3000 {
            let count = Int.random(in: 16...128, using: &random)
            var frame = random.bytes(count: count)
            frame.replaceSubrange(
                0..<4, with: [0x42, 1, UInt8.random(in: 0...12, using: &random), 0])
            frame = frame.recounted()
            // Numbers that are small by chance reach further into the frame.
            for index in 16..<count where Int.random(in: 0..<3, using: &random) != 0 {
                frame[index] = 0
            }
            for isAnswer in [false, true] where !isReadable(frame, isAnswer: isAnswer) {
                unreadable += 1
            }
        }
        #expect(unreadable > 0)
    }

    private func expect(
        _ error: FrameError, _ change: (inout [UInt8]) -> Void,
        _ location: SourceLocation = #_sourceLocation
    ) {
        for (name, frame, isAnswer) in frames where name != "record" {
            var changed = frame
            change(&changed)
            let found = #expect(throws: FrameError.self, sourceLocation: location) {
                if isAnswer {
                    _ = try decodeAnswer(changed)
                } else {
                    _ = try decodeRequest(changed)
                }
            }
            #expect(found == error, "\(name)", sourceLocation: location)
        }
    }

    @Test func `each fault of a header has its error`() {
        expect(.wrongMagic) { $0[0] = 0x43 }
        expect(.unsupportedVersion(2)) { $0[1] = 2 }
        expect(.unsupportedVersion(0)) { $0[1] = 0 }
        expect(.unknownKind(0)) { $0[2] = 0 }
        expect(.unknownKind(12)) { $0[2] = 12 }
        expect(.unknownKind(255)) { $0[2] = 255 }
        expect(.invalidField) { $0[3] = 1 }
        expect(.wrongByteCount) { $0[4] ^= 1 }
        expect(.wrongByteCount) { $0[7] = 1 }
        expect(.wrongByteCount) { $0 = Array($0.prefix(15)) }
        expect(.wrongByteCount) {
            $0 += [UInt8](repeating: 0, count: Frame.byteCountMaximum + 1 - $0.count)
            $0 = $0.recounted()
        }
    }

    @Test func `each fault of a field has its error`() throws {
        let faults: [(String, Int, [UInt8])] = [
            ("startup", 16, [0]), ("startup", 24, [3]), ("startup", 25, [2]), ("startup", 8, [0]),
            ("duplicate", 44, [2]), ("duplicate", 45, [2]), ("duplicate", 8, [0]),
            ("duplicate", 16, [2]), ("redeem", 16, [3]), ("redeem", 8, [0]),
            ("redeem", 404, [0xc3, 0x28]), ("confirm", 8, [1]), ("decline", 8, [1]),
            ("decline", 28, [0]), ("decline", 28, [3]), ("close", 8, [1]), ("close", 24, [0]),
            ("close", 24, [3]), ("revoke", 8, [0]), ("revoke", 16, [4]), ("revoke", 34, [0xff]),
            ("mark", 8, [0]), ("mark", 16, [5]), ("mark", 26, [0xc0, 0x80]), ("status", 8, [0]),
            ("select", 8, [0]), ("select", 16, [7]), ("select", 25, [4]), ("select", 27, [128]),
            ("resume", 8, [0]), ("resume", 24, [0]),
        ]
        for (name, offset, bytes) in faults {
            var frame = try #require(Samples.requests.first { $0.name == name }?.frame)
            frame.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            #expect(throws: FrameError.invalidField, "\(name) at \(offset)") {
                _ = try decodeRequest(frame)
            }
        }
        let faultsOfAnswers: [(String, Int, [UInt8])] = [
            ("record", 32, [2]), ("refusal", 36, [0, 0]), ("refusal", 36, [255, 255]),
            ("report", 24, [0xed, 0xa0, 0x80]),
        ]
        for (name, offset, bytes) in faultsOfAnswers {
            let answer = try #require(Samples.answers.first { $0.name == name }?.answer)
            var frame = Samples.frame(answer)
            frame.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            #expect(throws: FrameError.invalidField, "\(name) at \(offset)") {
                _ = try decodeAnswer(frame)
            }
        }
    }

    @Test func `texts beyond their limit are errors, even when they are all there`() {
        let long = [UInt8](repeating: 0x61, count: Limits.textByteCount + 1)
        var revoke = Samples.frame {
            Request.encodeRevoke(counter: 4, watermark: 3, handoff: 5, text: "", into: &$0)
        }
        revoke.replaceSubrange(32..<34, with: [1, 4])
        #expect(throws: FrameError.invalidField) {
            try decodeRequest((revoke + long).recounted())
        }
        var redeem = Samples.redeem([])
        redeem.replaceSubrange(30..<32, with: [1, 4])
        #expect(throws: FrameError.invalidField) {
            try decodeRequest((redeem + long).recounted())
        }
    }
}
