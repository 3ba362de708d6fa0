import Configuration
import Journal
import Registry
import Testing
import Transport
import Winsock
import Wire

/// What others send or write, changed at random: each case is taken or refused for a reason, and
/// what is taken means what its bytes say. The number of a case says which it is.
@Suite(.serialized) struct MutationTests {
    /// Runs a share of the cases; nothing may be open or held afterwards that was not before.
    private func run(
        _ what: String, percent: Int, _ mutator: Mutator, _ look: ([UInt8], inout Tally) -> Void
    ) throws {
        let count = Corpus.caseCount * percent / 100
        let descriptors = try HostFacts.openDescriptorCount()
        var tally = Tally()
        var middle: Int64 = 0
        for number in 0..<count {
            look(mutator.mutant(UInt64(number)), &tally)
            if number == count / 2 { middle = try HostFacts.residentBytes(pid: HostFacts.ownPID()) }
        }
        print("\(what): \(count) cases, \(tally)")
        #expect(tally.total == count, "each case is counted")
        #expect(tally.accepted > 0, "some are good")
        #expect(!tally.refused.isEmpty, "some are bad")
        #expect(try HostFacts.openDescriptorCount() == descriptors)
        // What the second half leaves behind is less than a byte a case, but for the allocator's.
        #expect(try HostFacts.residentBytes(pid: HostFacts.ownPID()) - middle < 32 << 20)
    }

    /// Bytes 4 to 7 of a frame say how many it has.
    static func setByteCount(_ frame: inout [UInt8]) {
        for index in 4..<8 where index < frame.count {
            frame[index] = UInt8(truncatingIfNeeded: frame.count >> (8 * (index - 4)))
        }
    }

    @Test func `requests`() throws {
        var mutator = Mutator(
            seeds: try Corpus.hexadecimal("requests.hex"),
            byteCountMaximum: Frame.byteCountMaximum + 1)
        mutator.repair = Self.setByteCount
        try run("requests", percent: 35, mutator) { bytes, tally in
            do throws(FrameError) {
                let request = try Request(bytes.span)
                #expect(Request.counter(of: bytes.span) == request.counter)
                if let again = encoded(request) { #expect(again == bytes) }
                tally.accept()
            } catch {
                tally.refuse("\(error)".prefix { $0 != "(" }.description)
            }
        }
    }

    /// The frame of a request; nil for a redeem, of whose record only the meaning is kept.
    private func encoded(_ request: Request) -> [UInt8]? {
        var bytes: [UInt8] = []
        switch request {
        case .startup(let startup): Request.encode(startup, into: &bytes)
        case .duplicate(let duplicate): Request.encode(duplicate, into: &bytes)
        case .redeem: return nil
        case .confirm(let handoff, let attempt, let cookie):
            Request.encodeConfirm(handoff: handoff, attempt: attempt, cookie: cookie, into: &bytes)
        case .decline(let handoff, let attempt, let reason):
            Request.encodeDecline(handoff: handoff, attempt: attempt, reason: reason, into: &bytes)
        case .close(let cookie, let how):
            Request.encodeClose(cookie: cookie, how: how, into: &bytes)
        case .revoke(let counter, let watermark, let handoff, let text):
            Request.encodeRevoke(
                counter: counter, watermark: watermark, handoff: handoff, text: text, into: &bytes)
        case .mark(let counter, let watermark, let quality):
            Request.encodeMark(
                counter: counter, watermark: watermark, quality: quality, into: &bytes)
        case .status(let counter): Request.encodeStatus(counter: counter, into: &bytes)
        case .reconcile(let counter): Request.encodeReconcile(counter: counter, into: &bytes)
        case .select(let counter, let watermark, let mask):
            Request.encodeSelect(counter: counter, watermark: watermark, mask: mask, into: &bytes)
        case .resume(let counter, let cookie, let registration):
            Request.encodeResume(
                counter: counter, cookie: cookie, registration: registration, into: &bytes)
        case .receipt(let counter, let handoff):
            Request.encodeReceipt(counter: counter, handoff: handoff, into: &bytes)
        }
        return bytes
    }

    @Test func `answers`() throws {
        var mutator = Mutator(
            seeds: try Corpus.hexadecimal("answers.hex"),
            byteCountMaximum: Frame.byteCountMaximum + 1)
        mutator.repair = Self.setByteCount
        try run("answers", percent: 15, mutator) { bytes, tally in
            do throws(FrameError) {
                let answer = try Answer(bytes.span)
                var again: [UInt8] = []
                answer.encode(into: &again)
                #expect(again == bytes)
                tally.accept()
            } catch {
                tally.refuse("\(error)".prefix { $0 != "(" }.description)
            }
        }
    }

    @Test func `protocol infos`() throws {
        var mutator = Mutator(
            seeds: try Corpus.hexadecimal("records.hex"), byteCountMaximum: 2000)
        mutator.repair = { bytes in
            let count = bytes.count < 500 ? 372 : 628
            bytes = Array((bytes + [UInt8](repeating: 0, count: 628)).prefix(count))
        }
        try run("protocol infos", percent: 15, mutator) { bytes, tally in
            do throws(ProtocolInfoError) {
                let info = try ProtocolInfo(bytes)
                let form: ProtocolInfo.Form = bytes.count == 628 ? .wide : .ansi
                let again = info.encoded(as: form)
                #expect(again.count == bytes.count)
                // All but what follows the name's end, and in the A form what is not ASCII.
                #expect(again.prefix(116) == bytes.prefix(116))
                let read = try ProtocolInfo(again)
                #expect(read.encoded(as: form) == again)
                tally.accept()
            } catch {
                tally.refuse("\(error)".prefix { $0 != "(" }.description)
            }
        }
    }

    @Test func `bodies of events`() throws {
        var mutator = Mutator(seeds: try Corpus.lines("bodies.txt"), byteCountMaximum: 70_000)
        mutator.words =
            Key.allCases.map { Array("\"\($0.name)\":".utf8) }
            + ["-1", "9007199254740992", "\"\\u0000\"", "true", "[]", "{}", "null"].map {
                Array($0.utf8)
            }
        try run("bodies of events", percent: 20, mutator) { bytes, tally in
            do throws(BodyError) {
                let decoded = try DecodedEvent(bytes)
                var encoder = EventEncoder(log: decoded.log)
                #expect(encoder.encode(decoded.event) == bytes)
                if case .configurationChanged(_, let content) = decoded.event.content {
                    let rules = Rules(text: content)
                    #expect(Rules(text: rules.text) == rules)
                }
                tally.accept()
            } catch {
                tally.refuse("\(error)".prefix { $0 != "(" }.description)
            }
        }
    }

    @Test func `configurations`() throws {
        // The last is not good, and once was never done.
        let names = ["everything", "limits", "shapes", "aliases"]
        var mutator = Mutator(
            seeds: try names.map { try Corpus.file("configuration-\($0).yaml") },
            byteCountMaximum: ConfigurationFile.byteCount + 1)
        mutator.words = [
            "- ", ": ", "{", "}", "[", "]", "&a ", "*a", "!!int ", "\n", "\t", "'", "\"",
        ]
        .map { Array($0.utf8) }
        try run("configurations", percent: 15, mutator) { bytes, tally in
            do throws(ConfigurationError) {
                let file = try ConfigurationFile(yaml: bytes)
                #expect(Rules(text: file.rules.text) == file.rules)
                tally.accept()
            } catch {
                #expect(!error.description.isEmpty)
                tally.refuse(error.key.isEmpty ? "as a whole" : "a key")
            }
        }
    }

    @Test func `what the cases are made of is good`() throws {
        for bytes in try Corpus.hexadecimal("requests.hex") { _ = try Request(bytes.span) }
        for bytes in try Corpus.hexadecimal("answers.hex") { _ = try Answer(bytes.span) }
        for bytes in try Corpus.hexadecimal("records.hex") { _ = try ProtocolInfo(bytes) }
        var kinds: Set<EventKind> = []
        for bytes in try Corpus.lines("bodies.txt") {
            let event = try DecodedEvent(bytes).event
            kinds.insert(event.content.kind)
        }
        #expect(kinds == Set(EventKind.allCases))
        for name in ["everything", "limits", "shapes"] {
            _ = try ConfigurationFile(yaml: try Corpus.file("configuration-\(name).yaml"))
        }
    }
}
