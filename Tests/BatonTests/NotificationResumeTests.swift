import Registry
import Testing
import Transport
import Winsock
import Wire

@testable import Baton

/// Registrations outlive the connection: the next one asks which of them still stand.
struct NotificationResumeTests {
    private func select(_ link: NotificationLink, _ sockets: [SharedDescriptor]) throws {
        for socket in sockets {
            _ = try socket.withNumber { try link.select(descriptor: $0, events: .read) }
        }
    }

    @Test
    func `after the end of a connection each is asked about, and what is lost is told`() throws {
        let (one, other) = try Sample.pair()
        let numbers = [try one.cookie: 70, try other.cookie: 71] as [UInt64: UInt64]
        let lost = try other.cookie
        let isDone = try Signal()
        let coordinator = try FakeCoordinator { listener in
            do {
                let link = try listener.registered(70)
                try link.answer(link.select(), .selected(71))
            }
            let (link, startup) = try listener.greeted()
            #expect(startup.role == .notifications)
            for _ in 0..<2 {
                let resume = try link.resume()
                #expect(numbers[resume.cookie] == resume.registration)
                let isLost = resume.cookie == lost
                try link.answer(
                    resume.counter, isLost ? .notificationCancelled(cookie: lost) : .done)
            }
            try isDone.wait()
            // The other one still stands, and can be lost later.
            try link.answer(
                0,
                .notificationCancelled(
                    cookie: #require(
                        numbers.keys.first {
                            $0 != lost
                        })))
            try link.expectEnd()
        }
        do {
            let link = coordinator.notificationLink()
            try select(link, [one, other])
            #expect(
                try link.awaitPushes() == [CancelledRegistration(cookie: lost, registration: 71)])
            isDone.send()
            #expect(
                try link.awaitPushes()
                    == [CancelledRegistration(cookie: try one.cookie, registration: 70)])
        }
        try coordinator.finish()
    }

    @Test
    func `a call that finds the connection gone asks about the others, then for its own`() throws {
        let (one, other) = try Sample.pair()
        let (oneCookie, otherCookie) = (try one.cookie, try other.cookie)
        let coordinator = try FakeCoordinator { listener in
            do {
                let link = try listener.registered(70)
                try link.answer(link.select(), .selected(71))
                // Taken, and not answered.
                _ = try link.select()
            }
            let (link, _) = try listener.greeted()
            let resume = try link.resume()
            #expect(resume.cookie == otherCookie)
            #expect(resume.registration == 71)
            let counter = try link.select()
            #expect(counter < resume.counter, "it is the same request again")
            try link.answer(resume.counter, .done)
            try link.answer(counter, .selected(80))
            try link.answer(0, .notificationCancelled(cookie: oneCookie))
            try link.expectEnd()
        }
        do {
            let link = coordinator.notificationLink()
            try select(link, [one, other])
            #expect(try one.withNumber { try link.select(descriptor: $0, events: .write) } == 80)
            #expect(try link.awaitPushes().map(\.registration) == [80])
        }
        try coordinator.finish()
    }

    @Test
    func `many are asked about a few at a time`() throws {
        let count = 100
        let most = LiveRegistrations.resumeCountMaximum
        let sockets = try (0..<count).map { _ in try Sample.pair().socket }
        let last = try #require(sockets.last)
        let lastCookie = try last.cookie
        let coordinator = try FakeCoordinator { listener in
            do {
                let (link, _) = try listener.greeted()
                for number in 1...count {
                    try link.answer(link.select(), .selected(UInt64(number)))
                }
            }
            let (link, _) = try listener.greeted()
            var waiting: [UInt64] = []
            for asked in 1...count {
                waiting.append(try link.resume().counter)
                // No more come until one is answered.
                guard waiting.count == most || asked == count else { continue }
                guard case .nothing = try link.poll() else {
                    throw ScriptFailure("more than \(most) are asked about at once")
                }
                for _ in 0..<(asked == count ? waiting.count : 1) {
                    try link.answer(waiting.removeFirst(), .done)
                }
            }
            try link.answer(0, .notificationCancelled(cookie: lastCookie))
            try link.expectEnd()
        }
        do {
            let link = coordinator.notificationLink()
            try select(link, sockets)
            #expect(try link.awaitPushes().map(\.cookie) == [lastCookie])
        }
        try coordinator.finish()
    }

    @Test
    func `a refusal, or no welcome, leads to another connection`() throws {
        let (socket, _) = try Sample.pair()
        let cookie = try socket.cookie
        let full = Answer.Content.refusal(
            reason: .storeFull, code: Refusal.storeFull.code, handoff: nil)
        let coordinator = try FakeCoordinator { listener in
            do { _ = try listener.registered(70) }
            do {
                let (link, _) = try listener.greeted()
                try link.answer(link.resume().counter, full)
                try link.expectEnd()
            }
            do { _ = try listener.connected() }
            do {
                let link = try listener.connected()
                try link.answer(link.startup().counter, full)
                try link.expectEnd()
            }
            do {
                let link = try listener.connected()
                try link.answer(
                    link.startup().counter, .welcome(epoch: 1, pid: 1, version: 99))
                try link.expectEnd()
            }
            let (link, _) = try listener.greeted()
            let resume = try link.resume()
            #expect(resume.registration == 70)
            try link.answer(resume.counter, .notificationCancelled(cookie: cookie))
            try link.expectEnd()
        }
        do {
            let link = coordinator.notificationLink()
            try select(link, [socket])
            #expect(try link.awaitPushes().map(\.registration) == [70])
        }
        try coordinator.finish()
    }

    @Test
    func `a refused replacement leaves the earlier registration, about which is asked`() throws {
        let (socket, _) = try Sample.pair()
        let coordinator = try FakeCoordinator { listener in
            do {
                let link = try listener.registered(70)
                try link.answer(
                    link.select(),
                    .refusal(reason: .storeFull, code: Refusal.storeFull.code, handoff: nil))
                try link.expectEnd()
            }
            let (link, _) = try listener.greeted()
            let resume = try link.resume()
            #expect(resume.registration == 70)
            try link.answer(resume.counter, .notificationCancelled(cookie: resume.cookie))
            try link.expectEnd()
        }
        do {
            let link = coordinator.notificationLink()
            try select(link, [socket])
            #expect(throws: BatonError.self) {
                try socket.withNumber { try link.select(descriptor: $0, events: .write) }
            }
            #expect(try link.awaitPushes().map(\.registration) == [70])
        }
        try coordinator.finish()
    }

    @Test
    func `with nothing to lose nobody connects again`() throws {
        let (socket, _) = try Sample.pair()
        let hasGone = try Signal()
        let coordinator = try FakeCoordinator { listener in
            do {
                let link = try listener.registered(70)
                try link.answer(link.select(), .done)
            }
            hasGone.send()
            // Only a new call does.
            let (link, startup) = try listener.greeted()
            #expect(startup.counter == 5)
            try link.answer(link.select(), .selected(71))
            try link.expectEnd()
        }
        do {
            let link = coordinator.notificationLink()
            try select(link, [socket])
            try socket.withNumber { try link.cancel(descriptor: $0) }
            try hasGone.wait()
            #expect(link.readPushes().isEmpty)
            try select(link, [socket])
        }
        try coordinator.finish()
    }
}
