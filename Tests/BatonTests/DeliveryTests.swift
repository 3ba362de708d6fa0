import Registry
import Testing
import Transport
import Winsock
import Wire

@testable import Baton

struct DeliveryTests {
    @Test(arguments: [1, 2])
    func `a grant without its descriptor is declined and asked for anew`(losses: Int) throws {
        let (socket, _) = try Sample.pair()
        let cookie = try socket.cookie
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            var counters: [UInt64] = []
            for attempt in 1...UInt32(losses) {
                let redeem = try link.redeem()
                counters.append(redeem.counter)
                try link.answer(redeem.counter, Sample.grant(attempt: attempt))
                try link.expect(.decline(handoff: 7, attempt: attempt, reason: .truncated))
            }
            let redeem = try link.redeem()
            counters.append(redeem.counter)
            let attempt = UInt32(losses + 1)
            try link.answer(redeem.counter, Sample.grant(attempt: attempt), passing: socket)
            try link.expect(.confirm(handoff: 7, attempt: attempt, cookie: cookie))
            #expect(counters == [1] + (0..<UInt64(losses)).map { $0 + 3 })
        }
        #expect(try coordinator.client().open(Sample.info).cookie == cookie)
        try coordinator.finish()
    }

    @Test
    func `after three grants without a descriptor the call gives up`() throws {
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            for attempt in 1...UInt32(3) {
                let redeem = try link.redeem()
                try link.answer(redeem.counter, Sample.grant(attempt: attempt))
                try link.expect(.decline(handoff: 7, attempt: attempt, reason: .truncated))
            }
            try link.expectEnd()
        }
        do {
            let client = coordinator.client()
            let error = #expect(throws: BatonError.self) { _ = try client.open(Sample.info) }
            #expect(error?.kind == .noDescriptorLeft)
            #expect(error?.code == .tooManyDescriptors)
            #expect(error?.handoff == 7)
        }
        try coordinator.finish()
    }

    @Test
    func `at the descriptor limit the kernel loses the descriptor, and one more is enough`()
        async
    {
        await #expect(processExitsWith: .success) {
            let (socket, _) = try Sample.pair()
            let cookie = try socket.cookie
            let coordinator = try FakeCoordinator { listener in
                let (link, _) = try listener.greeted()
                for attempt in 1...UInt32(4) {
                    // Waiting takes descriptors, of which there are none: the link is read later.
                    let request = try link.arrivedWithoutWaiting().request
                    guard case .redeem(let redeem) = request else {
                        throw ScriptFailure("unexpected: \(request)")
                    }
                    try link.answer(
                        redeem.counter, Sample.grant(attempt: attempt), passing: socket)
                    let last = try link.arrivedWithoutWaiting().request
                    let expected: Request =
                        attempt < 4
                        ? .decline(handoff: 7, attempt: attempt, reason: .truncated)
                        : .confirm(handoff: 7, attempt: attempt, cookie: cookie)
                    guard last == expected else { throw ScriptFailure("unexpected: \(last)") }
                }
            }
            let client = coordinator.client()
            try client.connect()
            var fillers: [SharedDescriptor] = []
            let limit = try HostFacts.openDescriptors().count + 40
            try HostFacts.setDescriptorLimit(UInt64(limit))
            do throws(Errno) {
                while true { fillers.append(SharedDescriptor(try socket.descriptor.duplicate())) }
            } catch {
                #expect(error == .tooManyOpenFiles)
            }
            #expect(!fillers.isEmpty)
            let error = #expect(throws: BatonError.self) { _ = try client.open(Sample.info) }
            #expect(error?.kind == .noDescriptorLeft)
            fillers.removeLast()
            let opened = try client.open(Sample.info)
            #expect(opened.cookie == cookie)
            fillers.removeAll()
            try coordinator.finish()
        }
    }

    @Test
    func `answers to other requests are skipped, and a foreign grant is closed and declined`()
        throws
    {
        let (socket, _) = try Sample.pair()
        let foreign = ForkSafeLock<SharedDescriptor?>(nil)
        let other: SharedDescriptor
        do {
            let pair = try Sample.pair()
            other = pair.other
            foreign.withLock { $0 = pair.socket }
        }
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            let redeem = try link.redeem()
            try link.answer(999, .done)
            let granted = foreign.withLock { $0.take() }
            try link.answer(
                998, .grant(handoff: 8, attempt: 5, notes: []), passing: granted)
            try link.answer(redeem.counter, acknowledged: 0, Sample.grant(), passing: socket)
            try link.expect(.decline(handoff: 8, attempt: 5, reason: .mismatched))
            try link.expect(.confirm(handoff: 7, attempt: 1, cookie: try socket.cookie))
        }
        #expect(try coordinator.client().open(Sample.info).handoff == 7)
        try coordinator.finish()
        // The end of file: nobody has the foreign socket any more.
        try waitUntilReadable(other)
        #expect(try Sockets.read(other.descriptor, atMost: 1) == [])
    }

    @Test
    func `a second grant of one delivery is closed, and the first stays the only one`() throws {
        let (socket, other) = try Sample.pair()
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            for _ in 0..<2 {
                let redeem = try link.redeem()
                try link.answer(redeem.counter, Sample.grant(), passing: socket)
                if redeem.counter == 1 { _ = try link.arrived() }
            }
            try link.expectEnd()
        }
        do {
            let client = coordinator.client()
            let opened = try client.open(Sample.info)
            let error = #expect(throws: BatonError.self) { _ = try client.open(Sample.info) }
            #expect(error?.reason == "already delivered")
            #expect(opened.cookie == (try socket.cookie))
            #expect(try other.cookie != opened.cookie)
        }
        try coordinator.finish()
    }

    @Test
    func `a grant of what is no socket is declined`() throws {
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            let redeem = try link.redeem()
            let handle = try ProcessHandle(pid: HostFacts.ownPID())
            let pidfd = SharedDescriptor(handle.takeDescriptor())
            try link.answer(redeem.counter, Sample.grant(), passing: pidfd)
            try link.expect(.decline(handoff: 7, attempt: 1, reason: .mismatched))
        }
        let error = #expect(throws: BatonError.self) {
            _ = try coordinator.client().open(Sample.info)
        }
        #expect(error?.kind == .protocolViolation)
        try coordinator.finish()
    }

    @Test
    func `a status goes over a query connection of its own`() throws {
        let coordinator = try FakeCoordinator { listener in
            let (peer, first) = try listener.greeted()
            let (link, second) = try listener.greeted()
            #expect(first.role == .peer)
            #expect(second.role == .query)
            #expect(first.nonce != second.nonce)
            try link.expect(.status(counter: 1))
            try link.answer(1, .report("version=0.1\nsocket=/run/a=b\nbare\nempty=\n"))
            try link.expectEnd()
            try peer.expectEnd()
        }
        do {
            let client = coordinator.client()
            try client.connect()
            let status = try client.status()
            #expect(status.map(\.key) == ["version", "socket", "bare", "empty"])
            #expect(status.map(\.value) == ["0.1", "/run/a=b", "", ""])
        }
        try coordinator.finish()
    }
}

extension FakeLink {
    /// As `arrived()`, for a process that has no descriptor left for a poller.
    fileprivate func arrivedWithoutWaiting() throws -> Arrived {
        for _ in 0..<10_000 {
            if case .arrived(let arrived) = try poll() { return arrived }
            Clock.sleep(milliseconds: 1)
        }
        throw ScriptFailure("nothing came")
    }
}
