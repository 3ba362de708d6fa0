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
        reception.noteClosed(of: 1, at: 1_000_000)
        #expect(looked(reception, [1, 2], at: 1_799_999) == [1, 2])
        #expect(looked(reception, [1, 2], at: 1_800_000) == [1])
        #expect(looked(reception, [1, 2], at: 8_999_999) == [1])
        // One that was left where it is has made nobody wait, and shortens nothing.
        reception.noteLeft(of: 1, at: 2_000_000)
        #expect(looked(reception, [1, 2], at: 2_000_000) == [1])
        #expect(looked(reception, [1, 2], at: 9_999_999) == [1])
        #expect(looked(reception, [1, 2], at: 10_000_000) == [])
    }

    @Test func `what comes late does not shorten the time for which its user is looked at`() throws
    {
        var reception = try reception()
        reception.noteClosed(of: 1, at: 5_000_000)
        reception.noteClosed(of: 1, at: 1_000_000)
        #expect(looked(reception, [1, 2], at: 5_799_999) == [1, 2])
        #expect(looked(reception, [1, 2], at: 12_999_999) == [1])
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
        #expect(reception.nextStep == 2_000_000)
        // However late it is: its thread may have been stopped as long, and has one more second.
        let early = reception.giveUp(at: 9_000_000)
        #expect(early == nil)
        #expect(reception.nextStep == 10_000_000)
        let tooEarly = reception.giveUp(at: 9_999_999)
        #expect(tooEarly == nil && !reception.isEmpty)
        let late = reception.giveUp(at: 10_000_000)
        #expect(late === client)
        #expect(reception.nextStep == nil && reception.isEmpty)
        #expect(looked(reception, [5, 6], at: 60_000_000) == [5])
        let isAwaited = reception.noteReturn(of: client)
        #expect(!isAwaited)
    }
}
