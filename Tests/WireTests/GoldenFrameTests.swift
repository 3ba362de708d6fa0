import Registry
import Testing
import Winsock
import Wire

/// Frames written out by hand from the layout above `Frame`: the bytes are a contract between
/// programs that were built at different times.
struct GoldenFrameTests {
    private func frame(_ name: String) -> [UInt8]? {
        Samples.requests.first { $0.name == name }?.frame
            ?? Samples.answers.first { $0.name == name }.map { Samples.frame($0.answer) }
    }

    private static let golden: [(String, [UInt8])] = [
        (
            "startup",
            [0x42, 1, 1, 0, 27, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
                + [9, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]
        ),
        (
            "duplicate",
            [0x42, 1, 2, 0, 46, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
                + [1, 0, 0, 0, 0, 0, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0]
                + [0x00, 0xa3, 0xe1, 0x11, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1]
        ),
        (
            "redeem of nothing",
            [0x42, 1, 3, 0, 32, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]
                + [2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
        ),
        (
            "confirm",
            [0x42, 1, 4, 0, 36, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
                + [5, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]
        ),
        (
            "decline",
            [0x42, 1, 5, 0, 29, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
                + [5, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]
        ),
        (
            "close",
            [0x42, 1, 6, 0, 25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
                + [6, 0, 0, 0, 0, 0, 0, 0, 1]
        ),
        (
            "revoke",
            [0x42, 1, 7, 0, 39, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]
                + [3, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]
                + [5, 0, 0x77, 0x72, 0x6f, 0x6e, 0x67]
        ),
        (
            "mark",
            [0x42, 1, 8, 0, 31, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]
                + [0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0x76, 0x6f, 0x69, 0x63, 0x65]
        ),
        ("status", [0x42, 1, 9, 0, 16, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]),
        (
            "select",
            [0x42, 1, 10, 0, 28, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]
                + [6, 0, 0, 0, 0, 0, 0, 0, 0x21, 2, 0, 0]
        ),
        (
            "resume",
            [0x42, 1, 11, 0, 32, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]
                + [0x84, 3, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]
        ),
        ("reconcile", [0x42, 1, 20, 0, 16, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]),
        (
            "receipt",
            [0x42, 1, 21, 0, 24, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]
        ),
        (
            "welcome",
            [0x42, 1, 1, 0, 37, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
                + [3, 0, 0, 0, 0, 0, 0, 0, 77, 0, 0, 0, 1]
        ),
        (
            "record",
            [0x42, 1, 2, 0, 36, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
                + [5, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3]
        ),
        (
            "grant",
            [0x42, 1, 3, 0, 37, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
                + [5, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1]
        ),
        (
            "done",
            [0x42, 1, 4, 0, 24, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
        ),
        (
            "refusal",
            [0x42, 1, 5, 0, 38, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
                + [5, 0, 0, 0, 0, 0, 0, 0, 0x26, 0x27, 0, 0, 34, 0]
        ),
        (
            "report",
            [0x42, 1, 6, 0, 31, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
                + [0x65, 0x70, 0x6f, 0x63, 0x68, 0x3d, 0x33]
        ),
        (
            "selected",
            [0x42, 1, 7, 0, 32, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
                + [5, 0, 0, 0, 0, 0, 0, 0]
        ),
        (
            "cancelled",
            [0x42, 1, 8, 0, 32, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
                + [0x84, 3, 0, 0, 0, 0, 0, 0]
        ),
    ]

    @Test(arguments: golden)
    func `a frame has the bytes of its layout`(name: String, bytes: [UInt8]) throws {
        #expect(try #require(frame(name)) == bytes)
    }

    @Test func `a redemption carries the record, then the name`() throws {
        let bytes = try #require(frame("redeem"))
        #expect(bytes.count == 32 + 372 + 5)
        #expect(Array(bytes[4..<8]) == [0x99, 0x01, 0, 0])
        #expect(Array(bytes[24..<32]) == [1, 0, 0, 0, 0x74, 0x01, 5, 0])
        #expect(Array(bytes[32..<404]) == Samples.record(.ansi))
        #expect(Array(bytes[404...]) == Array("nginx".utf8))
    }

    @Test func `every byte of a number has its place`() throws {
        let bytes = Samples.frame {
            Request.encodeConfirm(
                handoff: 0x0807_0605_0403_0201, attempt: 0x1413_1211,
                cookie: 0x100f_0e0d_0c0b_0a09, into: &$0)
        }
        #expect(Array(bytes[16...]) == Array(1...20))
        let negative = Samples.frame {
            Request.encode(
                Request.Duplicate(
                    counter: 1, watermark: 0, pid: -2, hasPidfd: false, form: .ansi, flags: 0,
                    lifetime: nil), into: &$0)
        }
        #expect(
            Array(negative[24..<46])
                == [0xfe, 255, 255, 255, 255, 255, 255, 255] + [UInt8](repeating: 0, count: 14))
    }
}
