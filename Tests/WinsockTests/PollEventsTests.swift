import Testing
import Winsock

struct PollEventsTests {
    @Test(
        arguments: [
            (0, 0x2000), (0x100, 0x2001), (0x200, 0x2002), (0x300, 0x2003), (0x10, 0x2004),
            (0x310, 0x2007),
        ] as [(Int16, Int16)])
    func `what is asked is asked of Linux with the peer's end`(windows: Int16, linux: Int16) throws
    {
        #expect(try PollEvents(rawValue: windows).linuxRequest() == linux)
    }

    @Test func `anything else asked is WSAEINVAL, alone or beside what is valid`() {
        let valid = 0x310
        for bit in 0..<16 where valid & (1 << bit) == 0 {
            let flag = Int16(truncatingIfNeeded: 1 << bit)
            for asked in [flag, flag | 0x310] {
                #expect(throws: WSAError.invalidArgument, "bit \(bit)") {
                    try PollEvents(rawValue: asked).linuxRequest()
                }
            }
        }
    }

    /// What Linux' poll says, what was asked, how many bytes are unread, what WSAPoll says.
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var linux: Int16
        var asked: Int16
        var unread: Int
        var answer: Int16

        init(_ name: String, _ linux: Int16, _ asked: Int16, unread: Int = 0, _ answer: Int16) {
            testDescription = name
            (self.linux, self.asked, self.unread, self.answer) = (linux, asked, unread, answer)
        }
    }

    static let rows = [
        Row("nothing", 0, 0x310, 0),
        Row("data", 0x1, 0x310, unread: 5, 0x100),
        Row("a connection to accept", 0x1, 0x300, 0x100),
        Row("an empty datagram", 0x41, 0x300, 0x100),
        Row("room", 0x4, 0x310, 0x10),
        Row("out of band", 0x2, 0x300, 0x200),
        Row("all", 0x7, 0x310, unread: 5, 0x310),
        Row("data nobody asked for", 0x5, 0x10, unread: 5, 0x10),
        Row("room nobody asked for", 0x5, 0x100, unread: 5, 0x100),
        Row("the peer's end after data", 0x2005, 0x310, unread: 5, 0x112),
        Row("the peer's end", 0x2005, 0x310, 0x12),
        Row("the peer's end for a writer", 0x2005, 0x10, 0x12),
        Row("a reset", 0x201D, 0x310, 0x13),
        Row("a reset after data", 0x201D, 0x100, unread: 1, 0x103),
        Row("both sides down", 0x2011, 0x100, 0x2),
        Row("a refused connect", 0x201D, 0x10, 0x13),
        Row("an error", 0x8, 0, 0x1),
        Row("no socket", 0x20, 0x310, 0x4),
    ]

    @Test(arguments: rows)
    func `what Linux answers is told as Windows does`(row: Row) {
        let answer = PollEvents.answered(
            linux: row.linux, requested: PollEvents(rawValue: row.asked),
            unreadByteCount: row.unread)
        #expect(answer.rawValue == row.answer)
    }

    @Test func `the bytes unread change the answer only where they are needed`() {
        for bits in 0..<64 {
            for asked: Int16 in [0, 0x10, 0x100, 0x300, 0x310] {
                for hangUp: Int16 in [0, 0x2000] {
                    let linux = Int16(bits) | hangUp
                    let requested = PollEvents(rawValue: asked)
                    let answers = [0, 1].map {
                        PollEvents.answered(
                            linux: linux, requested: requested, unreadByteCount: $0)
                    }
                    let isNeeded = PollEvents.needsUnreadByteCount(
                        linux: linux, requested: requested)
                    #expect((answers[0] != answers[1]) == isNeeded)
                }
            }
        }
    }
}
