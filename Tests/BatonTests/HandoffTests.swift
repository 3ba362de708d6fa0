import Baton
import Registry
import Testing
import Transport
import Winsock
import Wire

struct HandoffTests {
    @Test
    func `the source's call sends the socket and returns the record`() throws {
        let (socket, _) = try Sample.pair()
        let cookie = try socket.cookie
        let coordinator = try FakeCoordinator { listener in
            let (link, startup) = try listener.greeted()
            #expect(startup.counter == 2)
            #expect(startup.nonce != 0)
            #expect(startup.role == .peer)
            let arrived = try link.arrived()
            // The counter is drawn before the connection is made, so that a request sent again on
            // a later connection keeps it.
            #expect(
                arrived.bytes == [
                    0x42, 1, 2, 0, 46, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
                    0, 0, 0, 0, 0, 0, 0, 0, 0x39, 0x30, 0, 0, 0, 0, 0, 0,
                    2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0,
                ])
            #expect(try arrived.descriptors.map { try $0.cookie } == [cookie])
            try link.answer(arrived.request.counter, Sample.record)
            try link.expectEnd()
        }
        do {
            let info = try coordinator.client().duplicate(
                socket.socket(), for: .process(12_345),
                options: DuplicateOptions(lifetime: .nanoseconds(1001), form: .ansi))
            #expect(info == Sample.info)
        }
        try coordinator.finish()
    }

    @Test
    func `a pidfd goes along behind the socket, with process id 0`() throws {
        let (socket, _) = try Sample.pair()
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            let arrived = try link.arrived()
            guard case .duplicate(let duplicate) = arrived.request else {
                throw ScriptFailure("\(arrived.request)")
            }
            #expect(duplicate.pid == 0)
            #expect(duplicate.hasPidfd)
            #expect(arrived.descriptors.count == 2)
            let pidfd = try ProcessHandle(adopting: arrived.descriptors[1].descriptor.duplicate())
            #expect(try pidfd.pid() == HostFacts.ownPID())
            try link.answer(duplicate.counter, Sample.record)
        }
        let own = try ProcessHandle(pid: HostFacts.ownPID())
        let client = coordinator.client()
        _ = try own.withNumber { number in
            try client.duplicate(socket.socket(), for: .pidfd(number))
        }
        try coordinator.finish()
    }

    @Test
    func `process id 0 is sent as it is, for the coordinator to refuse`() throws {
        let (socket, _) = try Sample.pair()
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            let duplicate = try link.duplicate()
            #expect(duplicate.pid == 0)
            #expect(!duplicate.hasPidfd)
            try link.answer(
                duplicate.counter,
                .refusal(reason: .invalidProcessID, code: .invalidArgument, handoff: nil))
        }
        let error = #expect(throws: BatonError.self) {
            try coordinator.client().duplicate(socket.socket(), for: .process(0))
        }
        #expect(error?.reason == "invalid process id")
        try coordinator.finish()
    }

    @Test
    func `the target's call returns the granted socket and confirms its cookie`() throws {
        let (socket, _) = try Sample.pair()
        let cookie = try socket.cookie
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            let arrived = try link.arrived()
            let record = Sample.info.encoded(as: .wide)
            #expect(
                arrived.bytes == [
                    0x42, 1, 3, 0, 0x99, 2, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
                    0, 0, 0, 0, 0, 0, 0, 0, 0x81, 0, 0, 0, 0x74, 2, 5, 0,
                ] + record + Array("nginx".utf8))
            try link.answer(1, Sample.grant(attempt: 3, notes: .flagsDiffer), passing: socket)
            let confirm = try link.arrived()
            #expect(
                confirm.bytes == [
                    0x42, 1, 4, 0, 36, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0,
                ] + (0..<8).map { UInt8(truncatingIfNeeded: cookie >> (8 * $0)) } + [3, 0, 0, 0])
        }
        let opened = try coordinator.client().open(
            Sample.info,
            options: OpenOptions(flags: [.overlapped, .noHandleInherit], program: "nginx"))
        #expect(opened.cookie == cookie)
        #expect(opened.handoff == 7)
        #expect(opened.notes == .flagsDiffer)
        let number = opened.release()
        let descriptor = Descriptor(owning: number)
        #expect(try Sockets.cookie(of: descriptor) == cookie)
        #expect(try descriptor.isCloseOnExec())
        try coordinator.finish()
    }

    @Test(arguments: [0, 1, 371, 372, 627, 1999, 2000, 2001, 70_000])
    func `bytes that are no record are sent, cut where no frame has room`(count: Int) throws {
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            let arrived = try link.arrived()
            #expect(arrived.bytes.count == 32 + min(count, 2000))
            try link.answer(
                arrived.request.counter,
                .refusal(reason: .malformedRecord, code: .invalidArgument, handoff: nil))
        }
        let error = #expect(throws: BatonError.self) {
            _ = try coordinator.client().open(record: [UInt8](repeating: 0xa5, count: count))
        }
        #expect(error?.reason == "malformed record")
        try coordinator.finish()
    }

    @Test
    func `revoke and mark are sent with their texts`() throws {
        let (socket, _) = try Sample.pair()
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            try link.expect(.revoke(counter: 1, watermark: 0, handoff: 7, text: "leaked"))
            try link.answer(1, .done)
            try link.expect(.revoke(counter: 3, watermark: 2, handoff: 8, text: ""))
            try link.answer(3, .done)
            try link.expect(.mark(counter: 4, watermark: 3, quality: "gold"))
            try link.answer(4, .done)
        }
        let client = coordinator.client()
        try client.revoke(handoff: 7, reason: "leaked")
        try client.revoke(handoff: 8)
        try client.markQualityOfService(socket.socket(), text: "gold")
        try coordinator.finish()
    }

    @Test
    func `a close is told only of sockets that the coordinator knows`() throws {
        let (socket, _) = try Sample.pair()
        let cookie = try socket.cookie
        let coordinator = try FakeCoordinator { listener in
            let (link, _) = try listener.greeted()
            let duplicate = try link.duplicate()
            try link.answer(duplicate.counter, Sample.record)
            try link.expect(.close(cookie: cookie, how: .closesocket))
            let redeem = try link.redeem()
            try link.answer(redeem.counter, acknowledged: 1, Sample.grant(), passing: socket)
            try link.expect(.confirm(handoff: 7, attempt: 1, cookie: cookie))
            try link.expect(.close(cookie: cookie, how: .closesocket))
            try link.expect(.close(cookie: 4711, how: .closesocket))
            try link.expectEnd()
        }
        do {
            let client = coordinator.client()
            try client.connect()
            client.close(try socket.socket())
            let source = try socket.socket()
            _ = try client.duplicate(source, for: .current)
            client.close(source)
            client.close(try client.open(Sample.info))
            client.reportClosed(cookie: 4711)
        }
        try coordinator.finish()
    }

    @Test(arguments: [false, true])
    func `a socket that is dropped or closed is closed`(isTold: Bool) throws {
        let client = Client(socketPath: "/nonexistent/socket", retryLimitMilliseconds: 0)
        let other: SharedDescriptor
        let socket: Socket
        do {
            let pair = try Sockets.pair(.stream)
            other = SharedDescriptor(try pair.second.duplicate())
            socket = Socket(owning: try pair.first.duplicate().release())
        }
        if isTold { client.close(socket) } else { _ = consume socket }
        try waitUntilReadable(other)
        #expect(try Sockets.read(other.descriptor, atMost: 1) == [])
    }
}
