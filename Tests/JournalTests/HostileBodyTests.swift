import Registry
import Testing

@testable import Journal

/// Bodies that this program did not write. None may be accepted, and none may trap.
struct HostileBodyTests {
    /// A body of few keys, in which each case replaces one piece.
    private static let base = #"""
        {"event":"handoff.expired","handoff":6,"log":"00112233445566ff","mono":50000000,"seq":7,\#
        "time":"2026-11-22T18:35:15.123456Z","v":1}
        """#

    private func body(_ piece: String, _ replacement: String) throws -> [UInt8] {
        let parts = Self.base.split(
            separator: piece, maxSplits: 1, omittingEmptySubsequences: false)
        try #require(parts.count == 2, "the piece is in the body")
        return Array((parts[0] + replacement + parts[1]).utf8)
    }

    private func error(of bytes: [UInt8]) -> BodyError? {
        do throws(BodyError) {
            _ = try DecodedEvent(bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test func `the body in which pieces are replaced is good itself`() throws {
        #expect(error(of: try body("6", "6")) == nil)
        #expect(error(of: try body("6", "9007199254740991")) == nil)
    }

    @Test(arguments: [
        // Not JSON, or more than one line of it.
        ("{", ""), ("{", "["), ("}", ""), ("}", "}}"), ("}", "}\n"), ("}", ",}"), (",", ",,"),
        (":", "::"), ("\"event\"", "event"),
        // Spaces.
        ("{", "{ "), (":6", ": 6"), (",\"log\"", ", \"log\""), ("}", " }"), ("{", " {"),
        // Keys out of order, or twice.
        (
            "\"handoff\":6,\"log\":\"00112233445566ff\"",
            "\"log\":\"00112233445566ff\",\"handoff\":6"
        ),
        ("\"handoff\":6", "\"handoff\":6,\"handoff\":6"),
        // Integers.
        (":6", ":06"), (":6", ":00"), (":6", ":-0"), (":6", ":+6"), (":6", ":6.0"), (":6", ":6e0"),
        (":6", ":-"), (":6", ":"), (":6", ":9007199254740992"), (":6", ":-9007199254740992"),
        (":6", ":99999999999999999999999999"), (":6", ":null"), (":6", ":tru"), (":6", ":True"),
        (":6", ":{}"), (":6", ":[6]"), (":6", ":[\"a\",]"), (":6", ":[\"a\" ]"),
        // A key that other kinds have, and one that this event leaves out.
        ("\"handoff\":6,", "\"handoff\":6,\"lost\":1,"), ("{", "{\"actor\":4,"),
    ])
    func `what is not canonical is refused`(_ piece: String, _ replacement: String) throws {
        guard case .notCanonical? = error(of: try body(piece, replacement)) else {
            Issue.record("\(String(describing: error(of: try body(piece, replacement))))")
            return
        }
    }

    @Test(arguments: [
        ("\"handoff\"", "\"haste\"", BodyError.unknownKey("haste")),
        ("\"handoff\"", "\"\"", .unknownKey("")),
        ("\"handoff\":6,", "", .missing(.handoff)),
        (",\"v\":1", "", .missing(.v)),
        (":6", ":\"6\"", .wrongType(.handoff)),
        (":6", ":true", .wrongType(.handoff)),
        (":6", ":[]", .wrongType(.handoff)),
        (":6", ":-6", .wrongType(.handoff)),
        ("\"00112233445566ff\"", "5", .wrongType(.log)),
        ("\"v\":1", "\"v\":3", .unknownVersion(3)),
        // None of its keys came with the second version.
        ("\"v\":1", "\"v\":2", .notCanonical(atOffset: 129)),
        ("handoff.expired", "handoff.lost", .unknownKind("handoff.lost")),
        ("15.123456Z", "15.12345Z", .unknownValue(.time, "2026-11-22T18:35:15.12345Z")),
        ("123456Z", "123456+00:00", .unknownValue(.time, "2026-11-22T18:35:15.123456+00:00")),
        ("11-22", "02-30", .unknownValue(.time, "2026-02-30T18:35:15.123456Z")),
        (":15.", ":60.", .unknownValue(.time, "2026-11-22T18:35:60.123456Z")),
    ])
    func `what cannot be an event is refused by name`(
        _ piece: String, _ replacement: String, _ expected: BodyError
    ) throws {
        #expect(error(of: try body(piece, replacement)) == expected)
    }

    @Test(arguments: [
        #"\"#, #"\/"#, #"\x"#, #"\u"#, #"\u000"#, #"\u0041"#, #"\u000a"#, #"\u0008"#, #"\u001F"#,
        #"\u0020"#, #"\u1000"#, #"\ud83d\ude00"#, #"\U0001"#, "\n", "\u{0}", "\u{1f}",
    ])
    func `an escape that the writer does not use is refused`(_ escape: String) throws {
        guard case .notCanonical? = error(of: try body("00112233445566ff", escape)) else {
            Issue.record("\(escape) was accepted")
            return
        }
    }

    @Test(arguments: [
        [0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80],
    ])
    func `text that is not UTF-8 is refused, with and without an escape before it`(
        _ bytes: [UInt8]
    ) throws {
        let parts = Self.base.split(separator: "00112233445566ff")
        for escape in ["", #"\n"#] {
            let body = Array(parts[0].utf8) + Array(escape.utf8) + bytes + Array(parts[1].utf8)
            guard case .notCanonical? = error(of: body) else {
                Issue.record("\(bytes) was accepted")
                return
            }
        }
    }

    @Test(arguments: Golden.all) func `every prefix of a body is refused`(_ golden: Golden) {
        let bytes = Array(golden.body.utf8)
        for count in 0..<bytes.count {
            #expect(error(of: Array(bytes[..<count])) != nil, "\(count) bytes")
        }
    }

    /// A body that can be read is the only body of its event: there are no two texts for one fact.
    @Test(arguments: Golden.all) func `a changed byte gives a refusal, or another event's body`(
        _ golden: Golden
    ) throws {
        let bytes = Array(golden.body.utf8)
        var read = 0
        for index in bytes.indices {
            for value in [UInt8(ascii: "0"), UInt8(ascii: "\""), 0x80, bytes[index] ^ 1] {
                var changed = bytes
                changed[index] = value
                guard changed != bytes, error(of: changed) == nil else { continue }
                read += 1
                let decoded = try DecodedEvent(changed)
                var encoder = EventEncoder(log: decoded.log)
                #expect(encoder.encode(decoded.event) == changed)
            }
        }
        #expect(read > 0, "some digits can be others")
    }

    @Test func `an event has one body: no code of another reason, no hexadecimal of text`() throws {
        let changes = [
            ("redemption.refused", #""code":10022"#, #""code":10013"#),
            ("process.seen", #""exe_hex":"2fff61""#, #""exe_hex":"2f6161""#),
            ("process.seen", #""exe_hex":"2fff61""#, #""exe_hex":"2FFF61""#),
            ("process.seen", #""exe_hex":"2fff61""#, #""exe_hex":"2fff6""#),
            ("process.seen", #""exe_hex":"2fff61""#, #""exe":"/a","exe_hex":"2fff61""#),
            ("handoff.refused", #""pid":"4242""#, #""pid":"04242""#),
            ("handoff.refused", #""pid":"4242""#, #""pid":"9223372036854775808""#),
            ("handoff.issued", #".1.0""#, #".0.0""#),
            ("handoff.issued", #".1.0""#, #".01.0""#),
            ("handoff.issued", #".1.0""#, #".1.0.0""#),
            ("handoff.issued", #".1.0""#, #".1""#),
            ("handoff.issued", #""form":"A""#, #""form":"a""#),
            ("socket.seen", #""cookie":"1""#, #""cookie":"+1""#),
            ("socket.seen", #""cookie":"1""#, #""cookie":"18446744073709551616""#),
            ("handoff.delivered", #""how":"confirmed""#, #""how":"exit""#),
        ]
        for (kind, piece, replacement) in changes {
            let golden = Golden.all.first {
                $0.content.kind.name == kind && $0.body.contains(piece)
            }
            let body = try #require(golden, "\(kind) with \(piece)").body
            let parts = body.split(separator: piece, maxSplits: 1)
            let changed = Array((parts[0] + replacement + parts[1]).utf8)
            #expect(error(of: changed) != nil, "\(replacement)")
        }
    }
}
