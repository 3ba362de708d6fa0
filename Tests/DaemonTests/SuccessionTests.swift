import Synchronization
import Testing

@testable import Daemon
@testable import Transport

/// Who leads the loop when a call does not return.
@Suite struct SuccessionTests {
    /// What the threads of one test have done.
    private final class Record: Sendable {
        let leads = Atomic<Int>(0)
    }

    @Test func `calls that return keep their leader`() throws {
        let succession = try Succession()
        let record = Record()
        succession.prepare { record.leads.add(1, ordering: .relaxed) }
        let end = Clock.bootMicroseconds() + 200_000
        while Clock.bootMicroseconds() < end {
            let call = try #require(succession.begin())
            #expect(succession.end(call))
            // Where a thread is not scheduled it is outside of calls, which would look kept.
            Clock.sleep(milliseconds: 1)
        }
        succession.finish(.success(()))
        try succession.outcome()
        #expect(record.leads.load(ordering: .relaxed) == 0)
    }

    @Test func `a call that does not return is left to its thread, also a second one`() throws {
        let succession = try Succession()
        let record = Record()
        succession.prepare {
            let lead = record.leads.add(1, ordering: .relaxed).newValue
            guard lead < 3 else { return succession.finish(.success(())) }
            let call = succession.begin()
            while record.leads.load(ordering: .relaxed) == lead { Clock.sleep(milliseconds: 1) }
            #expect(call.map { succession.end($0) } == false)
        }
        // The follower sleeps by the time of the second call.
        #expect(succession.end(try #require(succession.begin())))
        Clock.sleep(milliseconds: 150)
        let call = try #require(succession.begin())
        try succession.outcome()
        #expect(!succession.end(call))
        #expect(record.leads.load(ordering: .relaxed) == 3)
    }

    @Test func `who led first has the error of who leads last`() throws {
        let succession = try Succession()
        succession.prepare { succession.finish(.failure(DaemonError("cannot wait", .noMemory))) }
        _ = try #require(succession.begin())
        #expect(throws: DaemonError.self) { try succession.outcome() }
    }

    /// Which of these users may make the leader wait at a time.
    private func mayWait(_ pauses: LeaderPauses, _ users: [UInt32], at time: Int64) -> [UInt32] {
        var pauses = pauses
        return users.filter { pauses.mayWait(for: $0, at: time) }
    }

    @Test func `who has made others wait does so for a hundredth of the time`() {
        var pauses = LeaderPauses()
        #expect(mayWait(pauses, [7, 8], at: 0) == [7, 8])
        pauses.note(7, from: 1_000, to: 41_000)
        #expect(mayWait(pauses, [7, 8], at: 440_999) == [])
        #expect(mayWait(pauses, [7, 8], at: 441_000) == [8])
        #expect(mayWait(pauses, [7, 8], at: 4_040_999) == [8])
        #expect(mayWait(pauses, [7, 8], at: 4_041_000) == [7, 8])
    }

    @Test func `a process that was stopped for long does not wait longer for that`() {
        var pauses = LeaderPauses()
        pauses.note(7, from: 0, to: 60_000_000)
        #expect(mayWait(pauses, [7, 8], at: 159_999_999) == [8])
        #expect(mayWait(pauses, [7], at: 160_000_000) == [7])
    }

    @Test func `with too many who have made others wait nobody is waited for`() {
        var pauses = LeaderPauses()
        let most = UInt32(LeaderPauses.usersMaximum)
        for uid in 1...most { pauses.note(uid, from: 0, to: 1_000) }
        #expect(mayWait(pauses, [most + 1], at: 100_999) == [])
        #expect(mayWait(pauses, [most + 1], at: 101_000) == [most + 1])
    }
}
