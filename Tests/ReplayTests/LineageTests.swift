import Journal
import Registry
import Replay
import Testing

@testable import baton

@Suite("Who passed a socket to whom")
struct LineageTests {
    /// Three processes and a socket, which the first one has.
    private struct Cast {
        let log: LivedLog
        let (a, b, c): (UInt64, UInt64, UInt64)
        let socket: UInt64

        init() throws {
            log = try LivedLog()
            log.open()
            a = log.process(101, "/opt/a")
            b = log.process(102, "/opt/b")
            c = log.process(103, "/opt/c")
            socket = log.socket(4097)
        }

        func issue(_ source: UInt64, to target: UInt64) -> UInt64 {
            log.duplicate(source, to: .process(target), socket)
        }

        func deliver(_ handoff: UInt64, to target: UInt64) {
            log.redeem(handoff, by: target)
            log.confirm(handoff, by: target, cookie: 4097)
        }

        func hand(_ source: UInt64, to target: UInt64) -> UInt64 {
            let handoff = issue(source, to: target)
            deliver(handoff, to: target)
            return handoff
        }

        func lineage() throws -> Lineage {
            try #require(try Lineage(of: socket, in: try log.reader()))
        }
    }

    /// The number of the hop above each, by its own.
    private func parents(_ lineage: Lineage) -> [UInt64: UInt64?] {
        lineage.hops.reduce(into: [:]) { parents, hop in
            parents[hop.handoff.number] = .some(
                hop.parent.map { lineage.hops[$0].handoff.number })
        }
    }

    @Test func `what was passed on between two deliveries is under the first`() throws {
        let cast = try Cast()
        let first = cast.hand(cast.a, to: cast.b)
        let between = cast.hand(cast.b, to: cast.c)
        let second = cast.hand(cast.a, to: cast.b)
        let after = cast.hand(cast.b, to: cast.c)
        #expect(
            parents(try cast.lineage())
                == [first: nil, between: first, second: nil, after: second])
    }

    @Test func `what was passed on between the issue and the delivery is not under it`() throws {
        let cast = try Cast()
        let first = cast.hand(cast.a, to: cast.b)
        let second = cast.issue(cast.a, to: cast.b)
        let between = cast.hand(cast.b, to: cast.c)
        cast.deliver(second, to: cast.b)
        let after = cast.hand(cast.b, to: cast.c)
        #expect(
            parents(try cast.lineage())
                == [first: nil, second: nil, between: first, after: second])
    }

    @Test func `deliveries in another order than their issues count in their own`() throws {
        let cast = try Cast()
        let early = cast.issue(cast.a, to: cast.b)
        let late = cast.issue(cast.a, to: cast.b)
        cast.deliver(late, to: cast.b)
        let between = cast.hand(cast.b, to: cast.c)
        cast.deliver(early, to: cast.b)
        let after = cast.hand(cast.b, to: cast.c)
        #expect(
            parents(try cast.lineage())
                == [early: nil, late: nil, between: late, after: early])
    }

    @Test func `who passes on what it is yet to get has the socket by itself`() throws {
        let cast = try Cast()
        let pending = cast.issue(cast.a, to: cast.b)
        let own = cast.hand(cast.b, to: cast.c)
        cast.deliver(pending, to: cast.b)
        let lineage = try cast.lineage()
        #expect(parents(lineage) == [pending: nil, own: nil])
        #expect(lineage.origins.map(\.number) == [cast.a, cast.b])
    }

    @Test func `a source that is its own target is under itself from the next hop on`() throws {
        let cast = try Cast()
        let own = cast.hand(cast.a, to: cast.a)
        let next = cast.hand(cast.a, to: cast.b)
        let lineage = try cast.lineage()
        #expect(parents(lineage) == [own: nil, next: own])
        #expect(lineage.hops.map(\.depth) == [1, 2])
    }

    @Test func `a hop that brought nobody the socket is shown as such`() throws {
        let cast = try Cast()
        let revoked = cast.issue(cast.a, to: cast.b)
        cast.log.revoke(revoked, by: cast.a, text: "no")
        let open = cast.issue(cast.a, to: cast.b)
        let next = cast.hand(cast.b, to: cast.c)
        let reader = try cast.log.reader()
        let lineage = try #require(try Lineage(of: cast.socket, in: reader))
        #expect(parents(lineage) == [revoked: nil, open: nil, next: nil])
        let text = try GoldenFile.text { output in
            try LineageVerb.write(cast.socket, reader: reader, format: .short, to: output)
        }
        #expect(text.contains("#\(revoked) revoked → pid 102 (b)  never redeemed"))
        #expect(text.contains("#\(open) issued → pid 102 (b)  not redeemed yet"))
        #expect(text.contains("\npid 102 (b)\n└─ #\(next) delivered → pid 103 (c)"))
    }
}
