import Registry
import Testing
import Transport
import Winsock
import Wire

@testable import Baton

struct ReconnectTests {
    @Test(arguments: [1, 2, 4])
    func `a request whose connection breaks is sent again under its counter`(breaks: Int) throws {
        let (socket, _) = try Sample.pair()
        let coordinator = try FakeCoordinator { listener in
            var nonces: Set<UInt64> = []
            for round in 0...breaks {
                let (link, startup) = try listener.greeted()
                nonces.insert(startup.nonce)
                let duplicate = try link.duplicate()
                #expect(duplicate.counter == 1)
                #expect(duplicate.watermark == 0)
                #expect(duplicate.pid == 99)
                if round == breaks { try link.answer(duplicate.counter, Sample.record) }
            }
            #expect(nonces.count == 1)
        }
        let info = try coordinator.client().duplicate(socket.socket(), for: .process(99))
        #expect(info == Sample.info)
        try coordinator.finish()
    }

    @Test
    func `counters rise, and the watermark follows them`() throws {
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            try link.expect(.revoke(counter: 2, watermark: 1, handoff: 1, text: ""))
            try link.answer(2, .done)
            try link.expect(.revoke(counter: 3, watermark: 2, handoff: 2, text: ""))
        }
        let client = coordinator.client()
        try client.connect()
        try client.revoke(handoff: 1)
        #expect(throws: BatonError.self) { try client.revoke(handoff: 2) }
        try coordinator.finish()
    }

    @Test
    func `a confirm is sent again after each reconnect until it is acknowledged`() throws {
        let (socket, _) = try Sample.pair()
        let cookie = try socket.cookie
        let confirm = Request.confirm(handoff: 7, attempt: 1, cookie: cookie)
        let coordinator = try FakeCoordinator { listener in
            do {
                let (link, _) = try listener.greeted()
                let redeem = try link.redeem()
                try link.answer(redeem.counter, Sample.grant(), passing: socket)
                try link.expect(confirm)
            }
            do {
                // Nothing is acknowledged here, whatever the first connection had.
                let (link, _) = try listener.greeted()
                try link.expect(confirm)
                try link.answer(link.revoke(), .done)
            }
            do {
                let (link, _) = try listener.greeted()
                try link.expect(confirm)
                try link.answer(link.revoke(), acknowledged: 1, .done)
                try link.answer(link.revoke(), acknowledged: 1, .done)
            }
            let (link, _) = try listener.greeted()
            try link.answer(link.revoke(), .done)
            try link.expectEnd()
        }
        do {
            let client = coordinator.client()
            _ = try client.open(Sample.info)
            for handoff in 1...4 { try client.revoke(handoff: UInt64(handoff)) }
        }
        try coordinator.finish()
    }

    @Test
    func `a confirm is sent again though the program says nothing more`() throws {
        let (socket, _) = try Sample.pair()
        let confirm = Request.confirm(handoff: 7, attempt: 1, cookie: try socket.cookie)
        let coordinator = try FakeCoordinator { listener in
            do {
                let (link, _) = try listener.greeted()
                let redeem = try link.redeem()
                try link.answer(redeem.counter, Sample.grant(), passing: socket)
                try link.expect(confirm)
            }
            let (link, _) = try listener.greeted()
            try link.expect(confirm)
            // Nothing that is asked says how far it is durable, so that is asked.
            let startup = try link.startup()
            try link.answer(
                startup.counter, acknowledged: 1,
                .welcome(epoch: 2, pid: HostFacts.ownPID(), version: Frame.version))
            // From here on there is nothing to say.
            let revoke = try link.revoke()
            try link.answer(revoke, acknowledged: 1, .done)
            try link.expectEnd()
        }
        do {
            let client = coordinator.client()
            let opened = try client.open(Sample.info)
            #expect(opened.handoff == 7)
            for _ in 0..<1000 where client.isSettling { Clock.sleep(milliseconds: 10) }
            #expect(!client.isSettling)
            try client.revoke(handoff: 1)
        }
        try coordinator.finish()
    }

    @Test
    func `a close is not sent again, and counts among the frames without an answer`() throws {
        let (socket, _) = try Sample.pair()
        let cookie = try socket.cookie
        let coordinator = try FakeCoordinator { listener in
            do {
                let (link, _) = try listener.greeted()
                try link.expect(.close(cookie: 1, how: .closesocket))
                let redeem = try link.redeem()
                // One is durable: the close, but not yet the confirm.
                try link.answer(redeem.counter, acknowledged: 1, Sample.grant(), passing: socket)
                try link.expect(.confirm(handoff: 7, attempt: 1, cookie: cookie))
                try link.answer(link.revoke(), acknowledged: 1, .done)
            }
            do {
                let (link, _) = try listener.greeted()
                try link.expect(.confirm(handoff: 7, attempt: 1, cookie: cookie))
                try link.answer(link.revoke(), acknowledged: 1, .done)
            }
        }
        let client = coordinator.client()
        client.reportClosed(cookie: 1)
        _ = try client.open(Sample.info)
        try client.revoke(handoff: 1)
        try client.revoke(handoff: 2)
        try coordinator.finish()
    }

    /// Often, because the client can be so quick that it reads the grant before the reset.
    @Test(arguments: 1...20)
    func `after a reset the queued grant is read, and confirmed on a new connection`(
        round: Int
    ) throws {
        let (socket, _) = try Sample.pair()
        let cookie = try socket.cookie
        let coordinator = try FakeCoordinator { listener in
            do {
                let (link, _) = try listener.greeted()
                // Answered without reading it, so that the end of this link is a reset.
                try link.waitUntilReadable()
                try link.answer(1, Sample.grant(), passing: socket)
            }
            let (link, _) = try listener.greeted()
            try link.expect(.confirm(handoff: 7, attempt: 1, cookie: cookie))
            try link.answer(link.revoke(), .done)
            try link.expectEnd()
        }
        do {
            let client = coordinator.client()
            let opened = try client.open(Sample.info)
            #expect(opened.cookie == cookie)
            try client.revoke(handoff: 1)
        }
        try coordinator.finish()
    }

    @Test
    func `a reset with nothing queued leads to the same request on a new connection`() throws {
        let (socket, _) = try Sample.pair()
        let coordinator = try FakeCoordinator { listener in
            do {
                let (link, _) = try listener.greeted()
                try link.waitUntilReadable()
            }
            let (link, _) = try listener.greeted()
            let redeem = try link.redeem()
            #expect(redeem.counter == 1)
            try link.answer(1, Sample.grant(), passing: socket)
            _ = try link.arrived()
        }
        #expect(try coordinator.client().open(Sample.info).handoff == 7)
        try coordinator.finish()
    }

    @Test
    func `a connect notices that the last connection has ended`() throws {
        let isFirstGone = try Signal()
        let coordinator = try FakeCoordinator { listener in
            do { _ = try listener.greeted() }
            // It is closed by another thread.
            for _ in 0..<1000 where Closer.shared.pendingCount > 0 { Clock.sleep(milliseconds: 10) }
            isFirstGone.send()
            let (link, startup) = try listener.greeted()
            #expect(startup.counter == 2)
            try link.expectEnd()
        }
        do {
            let client = coordinator.client()
            try client.connect()
            try isFirstGone.wait()
            try client.connect()
            try client.connect()
        }
        try coordinator.finish()
    }
}

extension FakeLink {
    /// The next frame must revoke; its counter.
    func revoke() throws -> UInt64 {
        let request = try arrived().request
        guard case .revoke(let counter, _, _, _) = request else {
            throw ScriptFailure("unexpected: \(request)")
        }
        return counter
    }
}
