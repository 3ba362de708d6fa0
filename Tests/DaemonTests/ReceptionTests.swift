import Coordinator
import Testing

@testable import Daemon
@testable import Transport

/// From whom the leader of the loop receives without a look before.
@Suite struct ReceptionTests {
    private func reception() throws -> Reception {
        Reception(late: LateMessages(with: try NameAnswers()))
    }

    private func client(of uid: UInt32) throws -> ClientConnection {
        var tokens = TokenTable()
        let token = tokens.make()
        let peer = Peer(pid: HostFacts.ownPID(), uid: uid, gid: uid)
        let process = WatchedProcess(
            handle: try ProcessHandle(pid: peer.pid), instance: 1, pid: peer.pid, token: token)
        return try Connection.pair().take { (near, _) in
            ClientConnection(
                connection: near, id: SessionID(index: 0, generation: 0), peer: peer,
                process: process, user: UserShare(uid: uid), token: token)
        }
    }

    /// Who of these is looked at, at a time.
    private func looked(_ reception: Reception, _ users: [UInt32], at time: Int64) -> [UInt32] {
        var reception = reception
        return users.filter { reception.needsLook(of: $0, at: time) }
    }

    @Test func `only who has sent a surplus is looked at for long`() throws {
        var reception = try reception()
        #expect(looked(reception, [1, 2], at: 1_000_000) == [])
        reception.noteSurplus(of: 1, at: 1_000_000)
        #expect(looked(reception, [1, 2], at: 1_049_999) == [1, 2])
        #expect(looked(reception, [1, 2], at: 1_050_000) == [1])
        #expect(looked(reception, [1, 2], at: 1_499_999) == [1])
        #expect(looked(reception, [1, 2], at: 1_500_000) == [])
    }

    @Test func `for one user one thread is kept, and sixteen for all`() throws {
        var reception = try reception()
        let clients = try (1...16).map { try client(of: $0) }
        for client in clients.dropLast() { reception.noteKept(by: client, at: 1_000_000) }
        // Long after that they have kept the leader.
        #expect(looked(reception, [3, 99], at: 60_000_000) == [3])
        reception.noteKept(by: clients[15], at: 60_000_000)
        #expect(looked(reception, [3, 99], at: 120_000_000) == [3, 99])
        let isAwaited = reception.noteReturn(of: clients[2])
        #expect(isAwaited)
        #expect(looked(reception, [3, 4, 99], at: 120_000_000) == [4])
    }

    @Test func `a connection is given up once, and its thread is kept on`() throws {
        var reception = try reception()
        let client = try client(of: 5)
        reception.noteKept(by: client, at: 1_000_000)
        #expect(reception.nextStep == 3_000_000)
        let early = reception.giveUp(at: 2_999_999)
        #expect(early == nil)
        let late = reception.giveUp(at: 3_000_000)
        #expect(late === client)
        #expect(reception.nextStep == nil)
        #expect(looked(reception, [5, 6], at: 60_000_000) == [5])
        let isAwaited = reception.noteReturn(of: client)
        #expect(!isAwaited)
    }
}
