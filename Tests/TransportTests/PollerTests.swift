import Glibc
import Testing

@testable import Transport

struct PollerTests {
    @Test func `a poller says what is ready, by token`() throws {
        let poller = try Poller()
        let events = EventBuffer(capacity: 8)
        let pair = try Connection.pair()
        let token = Poller.Token(index: .max, generation: 0x8000_0001)
        try poller.add(pair.first, token: token, interest: .readable)
        #expect(try poller.wait(into: events, timeoutMilliseconds: 0) == 0)
        try pair.second.send([1].span, wait: true)
        #expect(try poller.wait(into: events, timeoutMilliseconds: -1) == 1)
        #expect(
            events[0]
                == Poller.Event(
                    token: token, readable: true, writable: false, hangUp: false, error: false))
        try poller.modify(pair.first, token: token, interest: [.readable, .writable])
        #expect(try poller.wait(into: events, timeoutMilliseconds: -1) == 1)
        #expect(events[0].readable && events[0].writable)
        try poller.modify(pair.first, token: token, interest: .none)
        #expect(try poller.wait(into: events, timeoutMilliseconds: 0) == 0)
        try poller.remove(pair.first)
        #expect(throws: Errno.noEntry) { try poller.remove(pair.first) }
    }

    @Test func `a peer that goes is a hang-up`() async {
        await #expect(processExitsWith: .success) {
            let poller = try Poller()
            let events = EventBuffer(capacity: 8)
            let token = Poller.Token(index: 1, generation: 1)
            let first = try Connection.pair().take { (first, second) throws(Errno) in
                try poller.add(first, token: token, interest: .none)
                return first
            }
            #expect(try poller.wait(into: events, timeoutMilliseconds: -1) == 1)
            #expect(events[0].hangUp)
            _ = first.withNumber { $0 }
        }
    }

    @Test func `an event of a closed registration is recognized as stale`() throws {
        var tokens = TokenTable()
        let poller = try Poller()
        let events = EventBuffer(capacity: 8)
        let old = try EventDescriptor()
        let oldToken = tokens.make()
        try poller.add(old, token: oldToken, interest: .readable)
        old.signal()
        #expect(try poller.wait(into: events, timeoutMilliseconds: -1) == 1)

        // Between the wait and the handling the registration goes and another takes its index.
        try poller.remove(old)
        tokens.retire(oldToken)
        let newToken = tokens.make()
        #expect(newToken.index == oldToken.index)
        #expect(!tokens.isCurrent(events[0].token))
        #expect(tokens.isCurrent(newToken))

        let new = try EventDescriptor()
        try poller.add(new, token: newToken, interest: .readable)
        new.signal()
        #expect(try poller.wait(into: events, timeoutMilliseconds: -1) == 1)
        #expect(tokens.isCurrent(events[0].token))
    }

    @Test func `tokens take the smallest room and each ends once`() async {
        var tokens = TokenTable()
        let made = (0..<4).map { _ in tokens.make() }
        #expect(made.map(\.index) == [0, 1, 2, 3])
        tokens.retire(made[1])
        #expect(made.map { tokens.isCurrent($0) } == [true, false, true, true])
        #expect(tokens.make() == Poller.Token(index: 1, generation: 1))
        #expect(!tokens.isCurrent(Poller.Token(index: 9, generation: 0)))
        await #expect(processExitsWith: .failure) {
            var tokens = TokenTable()
            let token = tokens.make()
            tokens.retire(token)
            tokens.retire(token)
        }
    }

    @Test func `a poller can wait for a poller`() throws {
        let inner = try Poller()
        let outer = try Poller()
        let events = EventBuffer(capacity: 1)
        let event = try EventDescriptor()
        try inner.add(event, token: .init(index: 1, generation: 0), interest: .readable)
        try outer.add(inner, token: .init(index: 2, generation: 0), interest: .readable)
        #expect(try outer.wait(into: events, timeoutMilliseconds: 0) == 0)
        event.signal()
        #expect(try outer.wait(into: events, timeoutMilliseconds: -1) == 1)
        #expect(events[0].token.index == 2)
    }

    @Test func `an event descriptor is readable until it is drained`() throws {
        let poller = try Poller()
        let events = EventBuffer(capacity: 1)
        let event = try EventDescriptor()
        try poller.add(event, token: .init(index: 0, generation: 0), interest: .readable)
        event.signal()
        event.signal()
        #expect(try poller.wait(into: events, timeoutMilliseconds: -1) == 1)
        event.drain()
        #expect(try poller.wait(into: events, timeoutMilliseconds: 0) == 0)
        event.drain()
    }

    @Test func `a timer comes at its time, a past one at once, a cancelled one never`() throws {
        let poller = try Poller()
        let events = EventBuffer(capacity: 1)
        let timer = try TimerDescriptor()
        try poller.add(timer, token: .init(index: 0, generation: 0), interest: .readable)
        timer.set(bootMicroseconds: 0)
        #expect(try poller.wait(into: events, timeoutMilliseconds: -1) == 1)
        timer.drain()
        #expect(try poller.wait(into: events, timeoutMilliseconds: 0) == 0)
        let time = Clock.bootMicroseconds() + 20_000
        timer.set(bootMicroseconds: time)
        #expect(try poller.wait(into: events, timeoutMilliseconds: -1) == 1)
        #expect(Clock.bootMicroseconds() >= time)
        timer.set(bootMicroseconds: Clock.bootMicroseconds() + 1_000_000)
        timer.set(bootMicroseconds: nil)
        #expect(try poller.wait(into: events, timeoutMilliseconds: 0) == 0)
    }

    @Test func `signals are read as messages`() async {
        await #expect(processExitsWith: .success) {
            let signals = try SignalDescriptor.blocking([SIGUSR1, SIGTERM])
            #expect(try signals.read() == nil)
            // To this thread: others of the test's runtime do not block them.
            pthread_kill(pthread_self(), SIGTERM)
            #expect(try signals.read() == SIGTERM)
            #expect(try signals.read() == nil)
        }
    }
}
