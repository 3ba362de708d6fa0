import Registry
import Testing

@testable import Drive

/// A bundle comes from anybody: what is wrong with it is said with its line, and never a trap.
@Suite struct HostileBundleTests {
    private static let log = "0123456789abcdef"

    private static func header(
        _ first: String = "0", _ last: String = "1", format: String = "1"
    ) -> String {
        "{\"bundle\":\"header\",\"format\":\"\(format)\",\"program\":\"0\",\"log\":\"\(log)\","
            + "\"first\":\"\(first)\",\"last\":\"\(last)\"}"
    }

    private static func event(_ sequence: String, _ rest: String = "") -> String {
        "{\"by\":5,\(rest)\"event\":\"clock.stepped\",\"log\":\"\(log)\",\"mono\":1,"
            + "\"seq\":\(sequence),\"time\":\"2026-01-01T00:00:00.000000Z\",\"v\":1}"
    }

    private func problem(_ lines: [String], isCut: Bool = false) -> BundleError? {
        let text = lines.joined(separator: "\n") + (isCut ? "" : "\n")
        do {
            _ = try HistoryBundle(Array(text.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test func `a good one is read`() {
        #expect(problem([Self.header(), Self.event("0"), Self.event("1")]) == nil)
    }

    @Test(arguments: [
        "", "\n", "PK\u{3}\u{4}", "{}", "{\"bundle\":\"proof\"}", "{\"bundle\":\"header\"",
        Self.header(format: "2"), Self.header(format: "18446744073709551615"),
    ])
    func `another file is told from a damaged bundle, or has its first line named`(
        _ text: String
    ) throws {
        let error = try #require(problem([text]))
        #expect(error.line == 1)
        #expect(!error.text.isEmpty)
    }

    @Test(arguments: [
        ("0", "18446744073709551615"), ("5", "4"), ("00", "1"), ("-1", "1"),
        ("0", "18446744073709551616"), ("0", "99999999"),
    ])
    func `a range is one that fits`(_ first: String, _ last: String) throws {
        let error = try #require(problem([Self.header(first, last), Self.event("0")]))
        #expect(error.kind == .damaged)
        #expect(error.line == 1)
    }

    @Test func `events are all there, in order, and of this log`() throws {
        #expect(problem([Self.header(), Self.event("0")])?.text.contains("promised") == true)
        let skipped = try #require(problem([Self.header(), Self.event("0"), Self.event("2")]))
        #expect(skipped == .damaged(3, "it is event 2, and 1 is due"))
        let beyond = try #require(
            problem([Self.header("0", "0"), Self.event("0"), Self.event("1")]))
        #expect(beyond.line == 3)
        let foreign = Self.event("0").replacing(Self.log, with: "fedcba9876543210")
        #expect(problem([Self.header(), foreign]) == .damaged(2, "it is of another log"))
        let cut = try #require(
            problem([Self.header(), Self.event("0"), Self.event("1")], isCut: true))
        #expect(cut == .damaged(3, "it is cut off: no line ends here"))
        #expect(problem([Self.header(), "", Self.event("0")]) == .damaged(2, "it is empty"))
        #expect(problem([Self.header(), "hello"])?.line == 2)
        #expect(problem([Self.header(), Self.event("9007199254740993")])?.line == 2)
    }

    @Test func `a cause is the first event of a step in the bundle`() throws {
        for cause in ["1", "9007199254740991"] {
            let event = Self.event("1", "\"cause\":\(cause),")
            let error = try #require(problem([Self.header(), Self.event("0"), event]))
            #expect(error.line == 3)
        }
    }

    @Test func `a snapshot is needed, once, of the right event, and whole`() throws {
        #expect(
            problem([Self.header("7", "7"), Self.event("7")])?.text.contains("snapshot") == true)
        func snapshot(_ state: String, format: String = "2") -> String {
            "{\"bundle\":\"snapshot\",\"format\":\"\(format)\",\"state\":\"\(state)\"}"
        }
        for state in ["", "zz", "ffffffffffffffffff01", "07", "0800000000"] {
            #expect(
                problem([Self.header("7", "7"), snapshot(state), Self.event("7")])?.line == 2,
                "\(state)")
        }
        #expect(
            problem([Self.header("7", "7"), snapshot("00", format: "999")])?.kind == .notOurs)
        #expect(problem([Self.header(), snapshot("00")])?.line == 2)
    }

    @Test func `a changed byte never traps, and what is found has its line`() {
        let good = [Self.header(), Self.event("0"), Self.event("1")].joined(separator: "\n") + "\n"
        var found = 0
        for index in good.utf8.indices {
            var bytes = Array(good.utf8)
            let offset = good.utf8.distance(from: good.utf8.startIndex, to: index)
            for value: UInt8 in [0, 0x22, 0x39, 0x7b, 0xff] {
                bytes[offset] = value
                do {
                    let bundle = try HistoryBundle(bytes)
                    #expect(bundle.events.count == 2)
                } catch {
                    found += 1
                    #expect(error.line >= 1 && error.line <= 4)
                }
            }
        }
        // Other digits of a time, or of the program's version, make a bundle as well.
        #expect(found > 4 * good.utf8.count)
    }
}
