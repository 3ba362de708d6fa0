import ArgumentParser
import Journal
import Testing

@testable import baton

@Suite("Times, ranges and lifetimes on the command line")
struct ArgumentTests {
    /// 2026-11-22T18:35:15.123456Z
    static let now = SampleLog.start

    @Test(
        "a time is read as it is meant",
        arguments: [
            ("now", "2026-11-22T18:35:15.123456Z"), ("today", "2026-11-22T00:00:00.000000Z"),
            ("yesterday", "2026-11-21T00:00:00.000000Z"),
            ("-30s", "2026-11-22T18:34:45.123456Z"), ("-5min", "2026-11-22T18:30:15.123456Z"),
            ("-2h", "2026-11-22T16:35:15.123456Z"), ("-1d", "2026-11-21T18:35:15.123456Z"),
            ("-1w", "2026-11-15T18:35:15.123456Z"), ("-1h30m", "2026-11-22T17:05:15.123456Z"),
            ("2026-11-22", "2026-11-22T00:00:00.000000Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000000Z"),
            ("2026-11-22T18:35:15Z", "2026-11-22T18:35:15.000000Z"),
            ("2026-11-22T18:35:15.123456Z", "2026-11-22T18:35:15.123456Z"),
            ("2026-11-22 18:35:15", "2026-11-22T18:35:15.000000Z"),
            ("2026-11-22T18:35:15+02:00", "2026-11-22T16:35:15.000000Z"),
            ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59.000000Z"),
        ])
    func times(text: String, expected: String) {
        #expect(TimeArgument.parse(text, now: Self.now)?.description == expected)
    }

    @Test(
        "what is no time is refused",
        arguments: [
            "", "-", "-2", "-h", "-2x", "2h", "tomorrow", "Now", "2026-02-30", "2026-13-01",
            "2026-11-22T25:00:00Z", "2026-11-22T", "12", "-2h ", "--2h", "-99999999999999999d",
            "2026-11-22T18:35:15.123456Zx",
        ])
    func noTimes(text: String) {
        #expect(TimeArgument.parse(text, now: Self.now) == nil)
    }

    @Test(
        "a range of numbers leaves its end out",
        arguments: [
            ("10..20", 10..<20), ("..20", 0..<20), ("10..", 10..<UInt64.max),
            ("..", 0..<UInt64.max), ("7", 7..<8), ("#7", 7..<8), ("#7..#9", 7..<9),
            ("5..5", 5..<5), ("0..18446744073709551615", 0..<UInt64.max),
        ] as [(String, Range<UInt64>)])
    func ranges(text: String, expected: Range<UInt64>) {
        #expect(SequenceArgument.parse(text) == expected)
    }

    @Test(
        "what is no range is refused",
        arguments: [
            "", "a..b", "20..10", "1..2..3", "-1..2", "1...2", "+1", "18446744073709551615",
            "18446744073709551616..",
        ])
    func noRanges(text: String) {
        #expect(SequenceArgument.parse(text) == nil)
    }

    @Test(
        "a lifetime is a number of seconds or none",
        arguments: [
            ("none", Duration?.none), ("300", .seconds(300)), ("0", .seconds(0)),
            ("1.5", .milliseconds(1500)), ("0.000001", .microseconds(1)),
        ])
    func lifetimes(text: String, expected: Duration?) throws {
        #expect(try #require(LifetimeArgument.parse(text)) == expected)
    }

    @Test(
        "what is no lifetime is refused",
        arguments: [
            "", "-1", "1s", "1.", ".5", "1.2.3", "1.0000001", "None", "99999999999999999999",
        ])
    func noLifetimes(text: String) {
        #expect(LifetimeArgument.parse(text) == nil)
    }

    @Test("a reason may be typed with hyphens, and an unknown word lists those there are")
    func words() throws {
        #expect(try HistoryFilters.reason("wrong-process") == "wrong process")
        #expect(try HistoryFilters.reason("target exited") == "target exited")
        for body in [
            HistoryFilters.reason,
            {
                _ = try HistoryFilters.kind($0); return ""
            },
        ] {
            let error = #expect(throws: (any Error).self) { try body("nonsense") }
            let text = Main.message(for: try #require(error))
            #expect(text.contains("there are"))
        }
    }

    @Test("--socket filters by number, and takes a path as the other verbs do")
    func socket() throws {
        #expect(try SocketArgument.parse("9") == .number(9))
        #expect(try SocketArgument.parse("#9") == .number(9))
        #expect(try SocketArgument.parse("/run/x.sock") == .path("/run/x.sock"))
        #expect(throws: (any Error).self) { try SocketArgument.parse("nine") }
    }
}
