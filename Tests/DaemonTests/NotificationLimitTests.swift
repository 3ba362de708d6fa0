import Daemon
import Registry
import Testing
import Wire

@testable import Transport

/// Registrations of clients that do not keep to the library's ways, and of too many.
@Suite struct NotificationLimitTests {
    private func sockets(_ count: Int) throws -> [SharedDescriptor] {
        _ = try HostFacts.raiseDescriptorLimit()
        return try (0..<(count + 1) / 2).flatMap { _ in
            let pair = try Sockets.pair(.stream)
            return [
                SharedDescriptor(try pair.first.duplicate()),
                SharedDescriptor(try pair.second.duplicate()),
            ]
        }
    }

    @Test func `who does not read is dropped, delays nobody, and learns by asking`() async throws {
        // More than a connection's queue has room for.
        let count = 1000
        let coordinator = try await EmbeddedCoordinator.start()
        let sockets = try sockets(count)
        let loser = try TestConnection.started(coordinator.socketPath, role: .notifications)
        let winner = try TestConnection.started(coordinator.socketPath, role: .notifications)
        var registrations: [UInt64] = []
        for (index, socket) in sockets.enumerated() {
            let frame = Frames.select(counter: UInt64(index) + 2, mask: 1)
            try loser.send(frame, passing: socket)
            registrations.append(try #require(try loser.answer().registration))
        }
        #expect(try coordinator.status()["registrations"] == "\(count)")
        for (index, socket) in sockets.enumerated() {
            let frame = Frames.select(counter: UInt64(index) + 2, mask: 2)
            try winner.send(frame, passing: socket)
            #expect(try winner.answer().registration != nil)
        }
        var pushes: Set<UInt64> = []
        while let answer = try loser.answerOrEnd() {
            #expect(answer.counter == 0)
            pushes.insert(try #require(answer.cancelledCookie))
        }
        #expect(!pushes.isEmpty && pushes.count < count)
        // The same process, after it has connected again.
        let again = try TestConnection.started(coordinator.socketPath, role: .notifications)
        for (index, socket) in sockets.enumerated() {
            let cookie = try Sockets.cookie(of: socket.descriptor)
            try again.send(
                Frames.resume(
                    counter: UInt64(index) + 2, cookie: cookie,
                    registration: registrations[index]))
            #expect(try again.answer().cancelledCookie == cookie)
        }
        let story = try await coordinator.finish()
        #expect(story.count { $0.hasPrefix("notification.cancelled") } == count)
        #expect(story.count { $0.hasPrefix("notification.selected") } == 2 * count)
    }

    @Test func `registrations beyond the limit of a user are refused by name`() async throws {
        let coordinator = try await EmbeddedCoordinator.start {
            $0.rules.limits.registrationsPerUser = 2
        }
        let peer = try coordinator.peer("source")
        for name in ["a", "b", "c"] { try peer.perform("pair \(name) far-\(name) stream") }
        try peer.perform("select a 1")
        try peer.perform("select b 1")
        try peer.expect("too many registrations, 10055", "select c 1")
        try peer.perform("deselect a")
        try peer.perform("select c 1")
        let story = try await coordinator.finish()
        #expect(story.contains("request.refused select of source: too many registrations"))
    }

    @Test func `another kind of connection, and what is no socket, is refused`() throws {
        let coordinator = try RunningCoordinator()
        let socket = try #require(try sockets(1).first)
        let peer = try TestConnection.started(coordinator.socketPath)
        try peer.send(Frames.select(counter: 2, mask: 1), passing: socket)
        #expect(try peer.answer().refusal == .notStarted)
        try peer.send(Frames.resume(counter: 3, cookie: 1, registration: 1))
        #expect(try peer.answer().refusal == .notStarted)
        let listener = try TestConnection.started(coordinator.socketPath, role: .notifications)
        try listener.send(Frames.duplicate(counter: 2, pid: HostFacts.ownPID()), passing: socket)
        #expect(try listener.answer().refusal == .notStarted)
        try listener.send(Frames.select(counter: 3, mask: 1), passing: nil)
        #expect(try listener.answer().refusal == .notASocket)
        try listener.send(
            Frames.select(counter: 4, mask: 1),
            passing: SharedDescriptor(try SystemFiles.nullDevice()))
        #expect(try listener.answer().refusal == .notASocket)
        try listener.send(Frames.resume(counter: 5, cookie: 1, registration: 1), passing: socket)
        #expect(try listener.answer().refusal == .unexpectedDescriptors)
        try listener.send(Frames.resume(counter: 6, cookie: 1, registration: 1))
        #expect(try listener.answer().cancelledCookie == 1)
        expectStory(
            try coordinator.story(),
            [
                "process.seen test",
                "request.refused select of test: not started",
                "request.refused resume of test: not started",
                "request.refused duplicate of test: not started",
                "request.refused select of test: not a socket",
                "request.refused select of test: not a socket",
                "request.refused resume of test: unexpected descriptors",
            ])
    }
}

/// A connection for notifications carries the socket of a select, and nothing else.
@Suite struct NotificationDescriptorTests {
    /// Frames that want an answer, and how many descriptors each has.
    private static var answered: [(frame: Record, wants: Int)] {
        let record = Record([UInt8](repeating: 0, count: 628))
        return [
            (Frames.startup(counter: 2, nonce: 9, role: .notifications), 0),
            (Frames.duplicate(counter: 3, pid: 1), 1),
            (Frames.duplicate(counter: 4, pid: 0, hasPidfd: true), 2),
            (Frames.redeem(counter: 5, record), 0), (Frames.revoke(counter: 6, handoff: 1), 0),
            (
                Frames.make {
                    Request.encodeMark(
                        counter: 7, watermark: 0, quality: "voice", into: &$0)
                }, 1
            ),
            (Frames.status(counter: 8), 0),
            (Frames.resume(counter: 9, cookie: 1, registration: 1), 0),
            (Frames.make { Request.encodeReconcile(counter: 10, into: &$0) }, 0),
            (Frames.make { Request.encodeReceipt(counter: 11, handoff: 1, into: &$0) }, 0),
        ]
    }

    private static var silent: [Record] {
        [
            Frames.confirm(handoff: 1, cookie: 1), Frames.close(cookie: 1),
            Frames.make {
                Request.encodeDecline(handoff: 1, attempt: 1, reason: .truncated, into: &$0)
            },
        ]
    }

    @Test(arguments: [3, 253])
    func `more descriptors than any request has end a connection for notifications`(
        _ count: Int
    ) async throws {
        let coordinator = try await EmbeddedCoordinator.start()
        let pair = try Sockets.pair(.stream)
        let select = Frames.select(counter: 12, mask: 1)
        for frame in Self.answered.map(\.frame) + [select] + Self.silent {
            let connection = try TestConnection.started(
                coordinator.socketPath, role: .notifications)
            try connection.send(frame, passing: pair.first, repeated: count)
            if Request.counter(of: frame.bytes.span) != 0 {
                #expect(try connection.answer().refusal == .unexpectedDescriptors)
            }
            #expect(try connection.answerOrEnd() == nil)
        }
        let far = pair.takeSecond()
        #expect(try far.readToEnd().isEmpty, "nobody has what came")
        let story = try await coordinator.finish()
        let refused = story.count { $0.hasPrefix("request.refused") }
        #expect(refused == Self.answered.count + 1 + Self.silent.count)
    }

    @Test(arguments: [1, 2])
    func `a descriptor with anything but a select is closed, refused and counted`(
        _ count: Int
    ) async throws {
        let coordinator = try await EmbeddedCoordinator.start()
        let connection = try TestConnection.started(coordinator.socketPath, role: .notifications)
        let pair = try Sockets.pair(.stream)
        for (frame, wants) in Self.answered {
            try connection.send(frame, passing: pair.first, repeated: count)
            // Where the count is right it is the kind of connection that is not.
            let reason: Refusal = count == wants ? .notStarted : .unexpectedDescriptors
            #expect(try connection.answer().refusal == reason)
        }
        for frame in Self.silent {
            try connection.send(frame, passing: pair.first, repeated: count)
        }
        if count > 1 {
            let select = Frames.select(counter: 12, mask: 1)
            try connection.send(select, passing: pair.first, repeated: count)
            #expect(try connection.answer().refusal == .unexpectedDescriptors)
        }
        // It is still good for what it is for.
        let good = try Sockets.pair(.stream)
        try connection.send(
            Frames.select(counter: 13, mask: 1), passing: good.first, repeated: 1)
        let selected = try connection.answer()
        #expect(selected.registration != nil)
        #expect(selected.acknowledged == UInt64(Self.silent.count))
        let far = pair.takeSecond()
        #expect(try far.readToEnd().isEmpty, "nobody has what came")
        let story = try await coordinator.finish()
        let refused = story.count { $0.hasPrefix("request.refused") }
        #expect(refused == Self.answered.count + Self.silent.count + (count > 1 ? 1 : 0))
    }
}

extension Frames {
    static func select(counter: UInt64, mask: UInt32) -> Record {
        make { Request.encodeSelect(counter: counter, watermark: 0, mask: mask, into: &$0) }
    }

    static func resume(counter: UInt64, cookie: UInt64, registration: UInt64) -> Record {
        make {
            Request.encodeResume(
                counter: counter, cookie: cookie, registration: registration, into: &$0)
        }
    }
}

extension Answer {
    var registration: UInt64? {
        guard case .selected(let number) = content else { return nil }
        return number
    }

    var cancelledCookie: UInt64? {
        guard case .notificationCancelled(let cookie) = content else { return nil }
        return cookie
    }
}
