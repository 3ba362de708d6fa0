import Registry
import Testing
import Transport
import Winsock
import Wire

@testable import Baton

/// The network events of a socket that other processes may have, against a scripted coordinator.
@Suite(.timeLimit(.minutes(1))) struct SharedNetworkEventTests {
    @Test
    func `a registration is announced before its socket is handed over, and then it can be lost`()
        async throws
    {
        let (number, peer) = try TCP.pair()
        let socket = Socket(owning: number)
        let cookie = socket.cookie
        let isToBeLost = try Signal()
        let coordinator = try FakeCoordinator { listener in
            let (notifications, startup) = try listener.greeted()
            #expect(startup.role == .notifications)
            let arrived = try notifications.arrived()
            #expect(arrived.request == .select(counter: 1, watermark: 0, mask: 0x21))
            #expect(try arrived.descriptors.map { try $0.cookie } == [cookie])
            try notifications.answer(1, .selected(70))
            let (link, _) = try listener.greeted()
            try link.answer(try link.duplicate().counter, Sample.record)
            try isToBeLost.wait()
            try notifications.answer(0, .notificationCancelled(cookie: cookie))
            try link.expectEnd()
            try notifications.expectEnd()
        }
        do {
            let client = coordinator.client()
            let events = try client.networkEvents(of: socket, selecting: [.read, .close])
            _ = try client.duplicate(socket, for: .process(HostFacts.ownPID()))
            try peer.send([1])
            var next = events.makeAsyncIterator()
            #expect(await next.next() == NetworkEvent(event: .read, error: nil))
            #expect(try socket.receive(1) == [1])
            isToBeLost.send()
            #expect(await next.next() == nil)
            #expect(events.end == .takenOver)
            try peer.send([2])
            #expect(await next.next() == nil)
        }
        try await coordinator.hasFinished()
    }

    @Test
    func `a socket that is shared is selected at the coordinator, which can refuse`() async throws {
        let (number, _) = try TCP.pair()
        let socket = Socket(owning: number)
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            try link.answer(try link.duplicate().counter, Sample.record)
            let (notifications, _) = try listener.greeted()
            try notifications.answer(
                notifications.select(),
                .refusal(
                    reason: .tooManyRegistrations, code: .noBufferSpace, handoff: nil))
            try notifications.answer(notifications.select(), .selected(71))
            try link.expectEnd()
            try notifications.expectEnd()
        }
        do {
            let client = coordinator.client()
            _ = try client.duplicate(socket, for: .process(HostFacts.ownPID()))
            let error = #expect(throws: BatonError.self) {
                try client.networkEvents(of: socket, selecting: .write)
            }
            #expect(error?.code == .noBufferSpace)
            #expect(!socket.withDescriptor { Notifier.isRegistered($0) })
            // What was refused has changed nothing: the socket still waits.
            #expect(!(try socket.withDescriptor { try SocketCalls.isNonBlocking($0) }))
            let events = try client.networkEvents(of: socket, selecting: .write)
            var next = events.makeAsyncIterator()
            #expect(await next.next() == NetworkEvent(event: .write, error: nil))
        }
        try await coordinator.hasFinished()
    }
}
