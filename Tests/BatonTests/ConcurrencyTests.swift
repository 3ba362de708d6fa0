import Registry
import Testing
import Transport
import Winsock
import Wire

@testable import Baton

struct ConcurrencyTests {
    @Test
    func `the calls of eight threads are made one after the other`() throws {
        let threadCount = 8
        let callCount = 100
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            for counter in 2...UInt64(threadCount * callCount + 1) {
                let arrived = try link.arrived()
                guard case .revoke(counter, counter - 1, _, _) = arrived.request else {
                    throw ScriptFailure("\(arrived.request) is not number \(counter)")
                }
                try link.answer(counter, .done)
            }
            try link.expectEnd()
        }
        do {
            let client = coordinator.client()
            try client.connect()
            #expect(try Calls(client, threads: threadCount, each: callCount).finish() == 0)
        }
        try coordinator.finish()
    }

    @Test
    func `the asynchronous face gives what the calls give`() async throws {
        let (socket, _) = try Sample.pair()
        let cookie = try socket.cookie
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            let duplicate = try link.duplicate()
            try link.answer(duplicate.counter, Sample.record)
            try link.expect(.close(cookie: cookie, how: .closesocket))
            let redeem = try link.redeem()
            try link.answer(redeem.counter, acknowledged: 1, Sample.grant(), passing: socket)
            _ = try link.arrived()
            try link.answer(link.revoke(), .done)
            try link.answer(
                link.revoke(),
                .refusal(reason: .notOwner, code: .accessDenied, handoff: 7))
        }
        let client = coordinator.client()
        let asynchronous = AsyncClient(client)
        let source = try socket.socket()
        let info = try await asynchronous.duplicate(source, for: .current)
        client.close(source)
        let opened = try await asynchronous.open(info)
        #expect(opened.cookie == cookie)
        try await asynchronous.revoke(handoff: 1)
        let error = await #expect(throws: BatonError.self) {
            try await asynchronous.revoke(handoff: 7, reason: "mine")
        }
        #expect(error?.code == .accessDenied)
        try await coordinator.hasFinished()
    }

    @Test
    func `a task that is cancelled before its call begins sends nothing`() async throws {
        let isAsked = try Signal()
        let mayAnswer = try Signal()
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            let counter = try link.revoke()
            isAsked.send()
            try mayAnswer.wait()
            try link.answer(counter, .done)
            try link.expect(.revoke(counter: 3, watermark: 2, handoff: 3, text: ""))
            try link.answer(3, .done)
        }
        let client = AsyncClient(coordinator.client())
        let first = Task { try await client.revoke(handoff: 1) }
        try await isAsked.hasCome()
        let second = Task { try await client.revoke(handoff: 2) }
        second.cancel()
        mayAnswer.send()
        try await first.value
        let error = await #expect(throws: BatonError.self) { try await second.value }
        #expect(error?.kind == .cancelled)
        #expect(error?.code == .callCancelled)
        try await client.revoke(handoff: 3)
        try await coordinator.hasFinished()
    }

    @Test
    func `a task that is cancelled during its call gets the answer`() async throws {
        let isAsked = try Signal()
        let mayAnswer = try Signal()
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            let counter = try link.revoke()
            isAsked.send()
            try mayAnswer.wait()
            try link.answer(counter, .done)
        }
        let client = AsyncClient(coordinator.client())
        let task = Task { try await client.revoke(handoff: 1) }
        try await isAsked.hasCome()
        task.cancel()
        mayAnswer.send()
        try await task.value
        try await coordinator.hasFinished()
    }
}
