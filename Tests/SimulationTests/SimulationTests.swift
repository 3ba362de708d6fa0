import Simulation
import Testing

/// The rules in a world of faults.
struct SimulationTests {
    /// A million steps in all.
    @Test(arguments: [11, 12, 13, 14] as [UInt64])
    func `all promises are kept`(_ seed: UInt64) {
        let failure = Simulation(seed: seed).run(steps: 250_000)
        #expect(failure?.violation == nil, "simulate --seed \(seed) shows how")
    }

    @Test func `a seed gives the same run again`() throws {
        let run = Simulation(seed: 5, mutant: .skipCookie)
        let first = try #require(run.run(steps: 200_000))
        let second = try #require(run.run(steps: 200_000))
        #expect(first.steps == second.steps)
        #expect(first.violation == second.violation)
        #expect(Scenario.text(first.scenario) == Scenario.text(second.scenario))
    }

    /// A run in which nothing happens keeps all promises as well.
    @Test func `a run comes to everything that can happen`() {
        let counts = Simulation(seed: 3).tally(steps: 240_000).counts
        let wanted = [
            "issued", "reserved", "confirmed", "observed", "revoked", "expired",
            "released: kernel", "released: counted", "looked", "keeper lost", "exited",
            "voided: target exited", "voided: unconfirmed", "voided: escrow lost",
            "failed: truncated", "failed: unsent", "closed: closesocket", "closed: exit",
            "closed: observed",
            "clock stepped", "restart", "full", "client dropped", "pid used again",
            "repeated grant", "suppressed", "refused: wrong process", "refused: forged",
            "refused: altered record", "refused: malformed record", "refused: plain record",
            "refused: used", "refused: revoked", "refused: voided", "refused: expired",
            "refused: cookie differs", "refused: not owner", "refused: not permitted",
            "refused: in delivery", "refused: foreign sender", "refused: dead sender",
            "refused: not reserved", "refused: no such process", "refused: too many handoffs",
            "refused: request stale", "refused: not administrator",
        ]
        for name in wanted { #expect(counts[name, default: 0] > 0, "\(name)") }
    }
}

struct MutantTests {
    /// Those that end the program are the program's to find.
    private static let mutants = Mutant.allCases.filter { !$0.isFatal }

    @Test(arguments: mutants)
    func `every mistake is found, whatever the seed`(_ mutant: Mutant) {
        for seed in 1...10 as ClosedRange<UInt64> {
            let failure = Simulation(seed: seed, mutant: mutant).run(steps: 200_000)
            #expect(failure?.violation != nil, "seed \(seed)")
        }
    }

    @Test(arguments: mutants)
    func `its failure shrinks to a short scenario that fails the same way`(
        _ mutant: Mutant
    ) throws {
        let run = Simulation(seed: 1, mutant: mutant)
        let failure = try #require(run.run(steps: 200_000))
        let short = Shrinker(mutant: mutant).shrink(failure.scenario)
        // Of up to a thousand.
        #expect(short.count <= 40)
        let read = try Scenario.read(Scenario.text(short))
        #expect(Simulation.run(read, mutant: mutant)?.rule == failure.violation.rule)
        // It is the mistake that breaks the promise, not the scenario.
        #expect(Simulation.run(read) == nil)
    }
}
