import Testing

@testable import Daemon
@testable import Transport

@Suite struct RestartPlanTests {
    private static func end(
        _ status: Transport.ExitStatus, served: Bool = true, lived: Int64 = 0, wanted: Bool = false
    ) -> RestartPlan.End {
        RestartPlan.End(
            status: status, hasServed: served, livedMicroseconds: lived, isWanted: wanted)
    }

    @Test func `a refusal at the first start is final`() {
        for code: Int32 in [1, 2, 3, 4, 5, 7] {
            var plan = RestartPlan()
            #expect(plan.next(after: Self.end(.code(code), served: false)) == .end(code: code))
        }
    }

    @Test func `what cannot be reached at a later start may come back, damage does not`() {
        for (code, isFinal): (Int32, Bool) in [(2, true), (3, false), (4, true), (5, true)] {
            var plan = RestartPlan()
            #expect(
                plan.next(after: Self.end(.signal(9))) == .restart(afterMicroseconds: 0))
            let step = plan.next(after: Self.end(.code(code), served: false))
            #expect((step == .end(code: code)) == isFinal)
        }
    }

    @Test func `an end in order, or one that was wanted, is the end`() {
        var plan = RestartPlan()
        #expect(plan.next(after: Self.end(.code(0))) == .end(code: 0))
        #expect(plan.next(after: Self.end(.signal(9), wanted: true)) == .end(code: 137))
    }

    @Test func `quick ends are given up after pauses that grow`() {
        var plan = RestartPlan()
        var pauses: [Int64] = []
        while case .restart(let pause) = plan.next(after: Self.end(.signal(6), lived: 999_999)) {
            pauses.append(pause / 1000)
        }
        #expect(pauses == [0, 50, 100, 200, 400, 800, 1600, 2000, 2000, 2000])
        #expect(pauses.count == RestartPlan.Bounds.quickEnds)
    }

    @Test func `room for the log is waited for, however long`() {
        var plan = RestartPlan()
        #expect(plan.next(after: Self.end(.code(7))) == .restart(afterMicroseconds: 1_000_000))
        for _ in 0..<1000 {
            let step = plan.next(after: Self.end(.code(7), served: false))
            #expect(step == .restart(afterMicroseconds: 1_000_000))
        }
        // It is no quick end among others either.
        #expect(plan.next(after: Self.end(.signal(9))) == .restart(afterMicroseconds: 0))
    }

    @Test func `one that served for a while starts the count anew`() {
        var plan = RestartPlan()
        for _ in 0..<100 {
            for _ in 0..<RestartPlan.Bounds.quickEnds {
                #expect(plan.next(after: Self.end(.code(3))) != .end(code: 3))
            }
            let late = Self.end(.signal(11), lived: RestartPlan.Bounds.quickMicroseconds)
            #expect(plan.next(after: late) == .restart(afterMicroseconds: 0))
        }
    }
}
