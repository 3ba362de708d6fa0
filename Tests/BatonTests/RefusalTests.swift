import Registry
import Testing
import Transport
import Winsock
import Wire

@testable import Baton

struct RefusalTests {
    @Test(arguments: Refusal.allCases)
    func `every refusal comes out with its code, reason and advice`(refusal: Refusal) throws {
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            let redeem = try link.redeem()
            try link.answer(
                redeem.counter, .refusal(reason: refusal, code: refusal.code, handoff: 7))
        }
        let thrown = #expect(throws: BatonError.self) {
            _ = try coordinator.client().open(Sample.info)
        }
        let error = try #require(thrown)
        #expect(error.kind == .refused)
        #expect(error.code == refusal.code)
        #expect(error.reason == refusal.name)
        #expect(error.advice == refusal.advice)
        #expect(error.handoff == 7)
        #expect(
            error.description
                == "\(refusal.code.name) (\(refusal.code.rawValue)), \(refusal.name): "
                + "\(refusal.explanation) (handoff 7); \(refusal.advice)")
        try coordinator.finish()
    }

    @Test
    func `a refused greeting comes out as it is`() throws {
        let coordinator = try FakeCoordinator { listener in
            let link = try listener.connected()
            let startup = try link.startup()
            try link.answer(
                startup.counter,
                .refusal(
                    reason: .unsupportedVersion, code: Refusal.unsupportedVersion.code,
                    handoff: nil))
            try link.expectEnd()
        }
        let error = #expect(throws: BatonError.self) { try coordinator.client().connect() }
        #expect(error?.reason == "unsupported version")
        #expect(error?.handoff == nil)
        try coordinator.finish()
    }

    @Test
    func `without a coordinator the error names the socket, and comes at once`() throws {
        let path = "/tmp/baton-tests-\(randomUInt64())/coordinator.sock"
        let start = Clock.monotonicNanoseconds()
        let thrown = #expect(throws: BatonError.self) {
            try Client(socketPath: path).connect()
        }
        #expect(Clock.monotonicNanoseconds() - start < 1_000_000_000)
        let error = try #require(thrown)
        #expect(error.kind == .noCoordinator)
        #expect(error.code == .networkDown)
        #expect(error.reason == "")
        #expect(error.path == path)
        #expect(
            error.description
                == "WSAENETDOWN (10050): no coordinator answers at \(path): "
                + "ENOENT: No such file or directory; "
                + "start one with `baton serve`, or name its socket in BATON_SOCKET")
    }

    @Test
    func `a socket file on which nobody listens is tried until the limit`() throws {
        let coordinator = try FakeCoordinator { _ in }
        try coordinator.finish()
        let start = Clock.monotonicNanoseconds()
        let client = Client(socketPath: coordinator.path, retryLimitMilliseconds: 50)
        let error = #expect(throws: BatonError.self) { try client.connect() }
        #expect(Clock.monotonicNanoseconds() - start >= 50_000_000)
        #expect(error?.path == coordinator.path)
        #expect(error?.explanation.contains("ECONNREFUSED") == true)
    }

    @Test
    func `a close without a coordinator is no error`() throws {
        let client = Client(socketPath: "/nonexistent/socket", retryLimitMilliseconds: 0)
        client.reportClosed(cookie: 1)
        #expect(throws: BatonError.self) { try client.connect() }
    }

    @Test
    func `a number that is no open descriptor is not sent`() throws {
        let (socket, _) = try Sample.pair()
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            try link.expect(.revoke(counter: 5, watermark: 4, handoff: 1, text: ""))
            try link.answer(5, .done)
        }
        let client = coordinator.client()
        func check(_ reason: String, _ code: WSAError, _ body: () throws -> Void) {
            let error = #expect(throws: BatonError.self, performing: body)
            #expect(error?.kind == .invalidArgument)
            #expect(error?.reason == reason)
            #expect(error?.code == code)
        }
        // Far above every limit on descriptors, so that no other test can open it meanwhile.
        let closed = Int32.max
        check("not a socket", .notASocket) {
            _ = try client.duplicate(descriptor: closed, for: .current)
        }
        check("not a socket", .notASocket) {
            _ = try client.duplicate(descriptor: -1, for: .pidfd(closed))
        }
        check("invalid process id", .invalidArgument) {
            _ = try client.duplicate(socket.socket(), for: .pidfd(closed))
        }
        check("invalid lifetime", .invalidArgument) {
            _ = try client.duplicate(
                socket.socket(), for: .current, options: DuplicateOptions(lifetime: .zero))
        }
        try client.revoke(handoff: 1)
        try coordinator.finish()
    }

    @Test(arguments: [1024, 1025])
    func `a text has at most 1024 bytes`(count: Int) throws {
        let (socket, _) = try Sample.pair()
        let text = String(repeating: "x", count: count)
        let coordinator = try FakeCoordinator { listener in
            guard count == 1024 else { return }
            let (link, _) = try listener.greeted()
            for _ in 0..<3 {
                let counter = try link.arrived().request.counter
                try link.answer(
                    counter,
                    .refusal(reason: .unknownHandoff, code: .invalidArgument, handoff: nil))
            }
        }
        let client = coordinator.client()
        func check(_ body: () throws -> Void) {
            let error = #expect(throws: BatonError.self, performing: body)
            #expect(error?.kind == (count == 1024 ? .refused : .invalidArgument))
        }
        check { try client.revoke(handoff: 1, reason: text) }
        check { try client.markQualityOfService(socket.socket(), text: text) }
        check { _ = try client.open(Sample.info, options: OpenOptions(program: text)) }
        try coordinator.finish()
    }

    enum Violation: CaseIterable {
        case otherKind, unreadable, tooLong, otherVersion, unknownReason, damagedRecord
    }

    @Test(arguments: Violation.allCases)
    func `what is no answer is an error, and the next call connects anew`(
        violation: Violation
    ) throws {
        let (socket, _) = try Sample.pair()
        let coordinator = try FakeCoordinator { listener in
            do {
                let (link, _) = try listener.greeted()
                let duplicate = try link.duplicate()
                try link.violate(violation, duplicate.counter)
                try link.expectEnd()
            }
            let (link, _) = try listener.greeted()
            let duplicate = try link.duplicate()
            try link.answer(duplicate.counter, Sample.record)
        }
        let client = coordinator.client()
        let error = #expect(throws: BatonError.self) {
            try client.duplicate(socket.socket(), for: .current)
        }
        #expect(error?.kind == .protocolViolation)
        #expect(error?.code == .networkDown)
        _ = try client.duplicate(socket.socket(), for: .current)
        try coordinator.finish()
    }

    @Test
    func `another version in the greeting is an error`() throws {
        let coordinator = try FakeCoordinator { listener in
            let link = try listener.connected()
            let startup = try link.startup()
            try link.answer(startup.counter, .welcome(epoch: 1, pid: 1, version: 2))
            try link.expectEnd()
        }
        let error = #expect(throws: BatonError.self) { try coordinator.client().connect() }
        #expect(error?.kind == .protocolViolation)
        try coordinator.finish()
    }
}

extension FakeLink {
    fileprivate func violate(_ violation: RefusalTests.Violation, _ counter: UInt64) throws {
        switch violation {
        case .otherKind: try answer(counter, .done)
        case .unreadable: try send([0x42])
        case .tooLong: try send([UInt8](repeating: 0, count: 5000))
        case .otherVersion: try send([0x42, 2] + [UInt8](repeating: 0, count: 22))
        case .unknownReason:
            try send(
                [0x42, 1, 5, 0, 38, 0, 0, 0, UInt8(counter)] + [UInt8](repeating: 0, count: 27)
                    + [0xff, 0xff])
        case .damagedRecord:
            try answer(counter, .record(handoff: 7, isRepeated: false, bytes: [1, 2, 3]))
        }
    }
}
