import Glibc
import Testing
import Winsock
import Wire

@testable import Baton
@testable import Transport

/// What a program does to descriptors that are not its own. Each in a process of its own, whose
/// numbers are nobody else's.
struct ForeignCloseTests {
    /// What the number of the connection is afterwards.
    enum Replacement: String, Codable, CaseIterable, Sendable {
        case nothing, file, socket
    }

    @Test(arguments: Replacement.allCases)
    func `a connection that the program closed is made again`(_ replacement: Replacement) async {
        await #expect(processExitsWith: .success) { [replacement = replacement as Replacement] in
            let coordinator = try FakeCoordinator { listener in
                for _ in 0..<2 {
                    let (link, _) = try listener.greeted()
                    try link.answer(link.revoke(), .done)
                    try link.expectEnd()
                }
            }
            do {
                let client = coordinator.client()
                try client.revoke(handoff: 1)
                let number = try #require(client.connectionNumber)
                let (own, peer) = try Sample.pair()
                switch replacement {
                case .nothing: #expect(close(number) == 0)
                case .file:
                    let file = open("/dev/null", O_RDWR)
                    #expect(dup2(file, number) == number)
                case .socket: #expect(own.withNumber { dup2($0, number) } == number)
                }
                try client.revoke(handoff: 1)
                if replacement == .file { #expect(client.connectionNumber != number) }
                if replacement == .socket {
                    #expect(client.connectionNumber != number)
                    try Sockets.write(Descriptor(owning: number), [7])
                    #expect(try Sockets.read(peer.descriptor, atMost: 2) == [7])
                }
                // A client that goes closes its own connection, and nothing else.
            }
            try coordinator.finish()
        }
    }

    @Test
    func `a descriptor that is no longer open is refused on a connection that is`() async {
        await #expect(processExitsWith: .success) {
            let coordinator = try FakeCoordinator { listener in
                let (link, _) = try listener.greeted()
                try link.answer(link.revoke(), .done)
                try link.expectEnd()
            }
            do {
                let client = coordinator.client()
                let error = #expect(throws: BatonError.self) {
                    try client.duplicate(descriptor: 999, for: .process(1))
                }
                #expect(error?.code == .notASocket)
                try client.revoke(handoff: 1)
            }
            try coordinator.finish()
        }
    }

    @Test
    func `a socket does not close what has its number since`() async {
        await #expect(processExitsWith: .success) {
            let (first, second) = try Sample.pair()
            let numbers = (try copy(of: first), try copy(of: second))
            let file = open("/dev/null", O_RDWR)
            do {
                let closed = Socket(owning: numbers.0)
                let replaced = Socket(owning: numbers.1)
                closed.withDescriptor { #expect(close($0) == 0) }
                replaced.withDescriptor { #expect(dup2(file, $0) == $0) }
            }
            #expect(BorrowedDescriptor(numbers.1).isOpen)
            // One that is still there is closed.
            let present = try copy(of: first)
            #expect(doesName(present, cookie: try first.cookie))
            _ = Socket(owning: present)
            #expect(!doesName(present, cookie: try first.cookie))
        }
    }
}

/// The number of another descriptor of the same, for the caller to close.
private func copy(of socket: SharedDescriptor) throws -> Int32 {
    try socket.descriptor.duplicate().release()
}

/// Whether the number is one of this socket: others of the process can have it by now.
private func doesName(_ number: Int32, cookie: UInt64) -> Bool {
    do throws(Errno) {
        return try SocketCalls.cookie(of: number) == cookie
    } catch {
        return false
    }
}
