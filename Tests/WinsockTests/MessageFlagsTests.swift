import Testing
import Winsock

struct MessageFlagsTests {
    private static let stream: ServiceFlags = [.guaranteedDelivery, .expeditedData]
    private static let unixStream: ServiceFlags = [.guaranteedDelivery]
    private static let datagram: ServiceFlags = [.connectionless, .messageOriented]

    private func send(_ flags: Int32, _ service: ServiceFlags) -> Result<Int32, WSAError> {
        Result { () throws(WSAError) in
            try MessageFlags(rawValue: flags).linuxSendFlags(service: service)
        }
    }

    private func receive(
        _ flags: Int32, _ service: ServiceFlags, _ blocking: BlockingMode = .blocking
    ) -> Result<Int32, WSAError> {
        Result { () throws(WSAError) in
            try MessageFlags(rawValue: flags).linuxReceiveFlags(
                service: service, blocking: blocking)
        }
    }

    @Test(
        arguments: [(0, 0x4000), (1, 0x4001), (4, 0x4004), (5, 0x4005)] as [(Int32, Int32)])
    func `a stream is sent with these flags and never with a signal`(windows: Int32, linux: Int32) {
        #expect(send(windows, Self.stream) == .success(linux))
    }

    @Test(
        arguments: [0x2, 0x8, 0x10, 0x20, 0x40, 0x100, 0x4000, 0x8000, 0x8001, -1, .min]
            as [Int32])
    func `other flags of a send are WSAEOPNOTSUPP`(flags: Int32) {
        #expect(send(flags, Self.stream) == .failure(.operationNotSupported))
        #expect(send(flags, Self.datagram) == .failure(.operationNotSupported))
    }

    @Test(
        arguments: [
            (0, 0), (1, 1), (2, 2), (3, 3), (8, 0x100), (0x20, 0), (0x22, 2), (0x28, 0x100),
        ] as [(Int32, Int32)])
    func `a stream is received with these flags`(windows: Int32, linux: Int32) {
        #expect(receive(windows, Self.stream) == .success(linux))
    }

    @Test(arguments: [0x4, 0x10, 0x40, 0x80, 0x100, 0x8000, 0x8002, -1, .min] as [Int32])
    func `other flags of a receive are WSAEOPNOTSUPP`(flags: Int32) {
        #expect(receive(flags, Self.stream) == .failure(.operationNotSupported))
        #expect(receive(flags, Self.datagram) == .failure(.operationNotSupported))
    }

    @Test(arguments: Catalog.entries)
    func `only TCP has data out of band`(entry: CatalogEntry) {
        let service = entry.info.serviceFlags1
        let isTCP = entry.info.protocolNumber == 6
        #expect(send(1, service) == (isTCP ? .success(0x4001) : .failure(.operationNotSupported)))
        #expect(receive(1, service) == (isTCP ? .success(1) : .failure(.operationNotSupported)))
    }

    @Test(
        arguments: [
            (0x8, stream, .blocking, true), (0x8, unixStream, .blocking, true),
            (0x8, stream, .nonBlocking, false), (0x8, datagram, .blocking, false),
            (0x8, [.guaranteedDelivery, .messageOriented], .blocking, false),
            (0x9, stream, .blocking, false), (0xA, stream, .blocking, false),
            (0x2, stream, .nonBlocking, true), (0x2, datagram, .nonBlocking, true),
        ] as [(Int32, ServiceFlags, BlockingMode, Bool)])
    func `MSG_WAITALL is for blocking streams, and alone`(
        flags: Int32, service: ServiceFlags, blocking: BlockingMode, isAccepted: Bool
    ) {
        let result = receive(flags, service, blocking)
        #expect((result == .failure(.operationNotSupported)) == !isAccepted)
    }

    @Test(
        arguments: [
            (0, 0, false), (0x1, 1, false), (0x20, 0, true), (0x21, 1, true),
            (0x80 | 0x8 | 0x40, 0, false),
        ] as [(Int32, Int32, Bool)])
    func `what Linux says of a received message is told in Windows' numbers`(
        linux: Int32, windows: Int32, isTruncated: Bool
    ) {
        let received = MessageFlags.received(linux: linux)
        #expect(received.flags.rawValue == windows)
        #expect(received.isTruncated == isTruncated)
    }

    @Test func `a direction of shutdown is one of three`() throws {
        #expect(ShutdownDirection.allCases.map(\.rawValue) == [0, 1, 2])
        for direction in ShutdownDirection.allCases {
            #expect(try ShutdownDirection(windows: direction.rawValue) == direction)
        }
        for number: Int32 in [-1, 3, .min, .max] {
            #expect(throws: WSAError.invalidArgument) { try ShutdownDirection(windows: number) }
        }
    }
}
