import Registry
import Testing
import Transport
import Winsock
import Wire

@testable import Baton

/// The client's side of registrations of network events, against a scripted coordinator.
struct NotificationLinkTests {
    @Test
    func `a registration is asked for with its socket, on a connection of its own kind`() throws {
        let (socket, _) = try Sample.pair()
        let cookie = try socket.cookie
        let coordinator = try FakeCoordinator { listener in
            let (link, startup) = try listener.greeted()
            #expect(startup.role == .notifications)
            let arrived = try link.arrived()
            #expect(arrived.request == .select(counter: 1, watermark: 0, mask: 33))
            #expect(try arrived.descriptors.map { try $0.cookie } == [cookie])
            #expect(startup.counter == 2)
            try link.answer(1, .selected(70))
            try link.expect(.select(counter: 3, watermark: 2, mask: 0))
            try link.answer(3, .done)
            try link.expectEnd()
        }
        do {
            let link = coordinator.notificationLink()
            let number = try socket.withNumber {
                try link.select(descriptor: $0, events: [.read, .close])
            }
            #expect(number == 70)
            try socket.withNumber { try link.cancel(descriptor: $0) }
            #expect(link.readPushes().isEmpty)
        }
        try coordinator.finish()
    }

    @Test
    func `a cancelled registration is told once, and the descriptor says when`() throws {
        let (socket, other) = try Sample.pair()
        let cookie = try socket.cookie
        let isRegistered = try Signal()
        let coordinator = try FakeCoordinator { listener in
            let link = try listener.registered(70)
            try isRegistered.wait()
            try link.answer(0, .notificationCancelled(cookie: cookie))
            // What is told twice, or about another's socket, is nothing new.
            let counter = try link.select()
            try link.answer(0, .notificationCancelled(cookie: cookie))
            try link.answer(0, .notificationCancelled(cookie: 1))
            try link.answer(counter, .selected(71))
            try link.expectEnd()
        }
        do {
            let link = coordinator.notificationLink()
            let number = try link.descriptor()
            _ = try socket.withNumber { try link.select(descriptor: $0, events: [.read, .close]) }
            #expect(link.readPushes().isEmpty)
            isRegistered.send()
            #expect(
                try link.awaitPushes() == [CancelledRegistration(cookie: cookie, registration: 70)])
            #expect(try link.descriptor() == number)
            _ = try other.withNumber { try link.select(descriptor: $0, events: [.read, .close]) }
            #expect(link.readPushes().isEmpty)
        }
        try coordinator.finish()
    }

    @Test
    func `what comes before an answer is kept for who waits, but not about what is replaced`()
        throws
    {
        let (one, other) = try Sample.pair()
        let (oneCookie, otherCookie) = (try one.cookie, try other.cookie)
        let coordinator = try FakeCoordinator { listener in
            let link = try listener.registered(70)
            try link.answer(link.select(), .selected(71))
            let counter = try link.select()
            try link.answer(0, .notificationCancelled(cookie: otherCookie))
            try link.answer(0, .notificationCancelled(cookie: oneCookie))
            try link.answer(counter, .selected(72))
            try link.expectEnd()
        }
        do {
            let link = coordinator.notificationLink()
            _ = try one.withNumber { try link.select(descriptor: $0, events: .read) }
            _ = try other.withNumber { try link.select(descriptor: $0, events: .read) }
            _ = try one.withNumber { try link.select(descriptor: $0, events: .write) }
            // It was read by the call above, and still wakes the one that waits.
            try waitUntilReadable(BorrowedDescriptor(try link.descriptor()))
            #expect(
                link.readPushes()
                    == [CancelledRegistration(cookie: otherCookie, registration: 71)])
        }
        try coordinator.finish()
    }

    @Test
    func `a registration made anew, cancelled or forgotten is not told as cancelled`() throws {
        let (one, other) = try Sample.pair()
        let oneCookie = try one.cookie
        let coordinator = try FakeCoordinator { listener in
            let link = try listener.registered(70)
            let counter = try link.select()
            try link.answer(0, .notificationCancelled(cookie: oneCookie))
            try link.answer(counter, .selected(71))
            try link.answer(link.select(), .selected(72))
            try link.expectEnd()
        }
        do {
            let link = coordinator.notificationLink()
            _ = try one.withNumber { try link.select(descriptor: $0, events: .read) }
            _ = try other.withNumber { try link.select(descriptor: $0, events: .read) }
            _ = try one.withNumber { try link.select(descriptor: $0, events: .read) }
            link.forget(cookie: try other.cookie)
            #expect(link.readPushes().isEmpty)
        }
        try coordinator.finish()
    }

    @Test
    func `a refusal is thrown`() throws {
        let (socket, _) = try Sample.pair()
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            let refusal = Refusal.tooManyRegistrations
            try link.answer(
                link.select(), .refusal(reason: refusal, code: refusal.code, handoff: nil))
            try link.answer(link.select(), .record(handoff: 1, isRepeated: false, bytes: [1]))
        }
        let link = coordinator.notificationLink()
        let error = #expect(throws: BatonError.self) {
            try socket.withNumber { try link.select(descriptor: $0, events: .read) }
        }
        #expect(error?.code == .noBufferSpace)
        #expect(error?.reason == "too many registrations")
        let strange = #expect(throws: BatonError.self) {
            try socket.withNumber { try link.select(descriptor: $0, events: .read) }
        }
        #expect(strange?.kind == .protocolViolation)
        try coordinator.finish()
    }

    @Test
    func `what is no socket, and what is no event, is refused before anything is sent`() throws {
        let link = NotificationLink(socketPath: "/nowhere/at/all", retryLimitMilliseconds: 0)
        for number in [-1, 9999] as [Int32] {
            let error = #expect(throws: BatonError.self) {
                try link.select(descriptor: number, events: .read)
            }
            #expect(error?.code == .notASocket)
        }
        let (socket, _) = try Sample.pair()
        let mask = #expect(throws: BatonError.self) {
            try socket.withNumber {
                try link.select(descriptor: $0, events: NetworkEvents(rawValue: 0x400))
            }
        }
        #expect(mask?.code == .invalidArgument)
        let nobody = #expect(throws: BatonError.self) {
            try socket.withNumber { try link.select(descriptor: $0, events: .read) }
        }
        #expect(nobody?.kind == .noCoordinator)
        #expect(link.readPushes().isEmpty)
    }

    @Test
    func `a child made by fork has a link of its own, without the parent's registrations`() async {
        await #expect(processExitsWith: .success) {
            let (socket, _) = try Sample.pair()
            let cookie = try socket.cookie
            let isRegistered = try Signal()
            let coordinator = try FakeCoordinator { listener in
                let parent = try listener.registered(70)
                let (child, startup) = try listener.greeted()
                #expect(startup.counter == 2)
                try child.answer(child.select(), .selected(71))
                try child.expectEnd()
                try isRegistered.wait()
                try parent.answer(0, .notificationCancelled(cookie: cookie))
                try parent.expectEnd()
            }
            do {
                let link = coordinator.notificationLink()
                let number = try link.descriptor()
                _ = try socket.withNumber { try link.select(descriptor: $0, events: .read) }
                let child = try TestingFork.run {
                    do {
                        let count = try HostFacts.openDescriptorCount()
                        guard link.readPushes().isEmpty else { return 2 }
                        let own = try socket.withNumber {
                            try link.select(descriptor: $0, events: .read)
                        }
                        // What was inherited is closed where the child's own was opened.
                        guard try HostFacts.openDescriptorCount() == count else { return 3 }
                        return own == 71 ? 0 : 4
                    } catch {
                        return 1
                    }
                }
                #expect(ExitStatus(rawStatus: try TestingFork.wait(child)) == .code(0))
                isRegistered.send()
                // The child has changed nothing of what the parent waits for.
                #expect(try link.awaitPushes().map(\.registration) == [70])
                #expect(try link.descriptor() == number)
            }
            try coordinator.finish()
        }
    }
}

extension FakeCoordinator {
    func notificationLink() -> NotificationLink {
        NotificationLink(socketPath: path, retryLimitMilliseconds: 500)
    }
}

extension NotificationLink {
    /// Waits until there are some.
    func awaitPushes() throws -> [CancelledRegistration] {
        while true {
            let pushes = readPushes()
            guard pushes.isEmpty else { return pushes }
            try waitUntilReadable(BorrowedDescriptor(try descriptor()))
        }
    }
}

extension Listener {
    /// The next connection, with one registration made.
    borrowing func registered(_ number: UInt64) throws -> FakeLink {
        let (link, _) = try greeted()
        try link.answer(link.select(), .selected(number))
        return link
    }
}

extension FakeLink {
    /// The counter of the next frame, a select.
    func select() throws -> UInt64 {
        let arrived = try arrived()
        guard case .select(let counter, _, _) = arrived.request, arrived.descriptors.count == 1
        else { throw ScriptFailure("unexpected: \(arrived.request)") }
        return counter
    }

    /// The next frame, a resume.
    func resume() throws -> (counter: UInt64, cookie: UInt64, registration: UInt64) {
        let request = try arrived().request
        guard case .resume(let counter, let cookie, let registration) = request else {
            throw ScriptFailure("unexpected: \(request)")
        }
        return (counter, cookie, registration)
    }
}

extension SharedDescriptor {
    func withNumber<R>(_ body: (Int32) throws -> R) rethrows -> R {
        try descriptor.withNumber(body)
    }
}
