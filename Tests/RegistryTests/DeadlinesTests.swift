import Registry
import TestSupport
import Testing

/// The heap of deadlines, against a plain dictionary.
struct DeadlinesTests {
    private func due(
        _ model: [HandoffNumber: Int64], at now: Int64, limit: Int
    ) -> [HandoffNumber] {
        let found = model.filter { $0.value <= now }
        let sorted = found.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        return sorted.prefix(limit).map(\.key)
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `it does what a plain dictionary does`(seed: UInt64) {
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var deadlines = Deadlines()
        var model: [HandoffNumber: Int64] = [:]
        var number: HandoffNumber = 0
        // Some seeds mostly insert, others mostly remove, so that the heap is rebuilt too.
        let insertions = Int.random(in: 35...65, using: &random)
        for _ in 0..<2000 {
            if Int.random(in: 0..<100, using: &random) < insertions {
                number += 1
                let deadline = Int64.random(in: 0..<500, using: &random)
                deadlines.insert(deadline, for: number)
                model[number] = deadline
            } else if let chosen = model.keys.sorted().randomElement(using: &random) {
                deadlines.remove(chosen)
                model[chosen] = nil
            }
            deadlines.remove(number + 1)
            #expect(deadlines.count == model.count)
            #expect(deadlines.earliest == model.values.min())
            let now = Int64.random(in: 0..<600, using: &random)
            let limit = Int.random(in: 0..<20, using: &random)
            #expect(
                deadlines.due(at: now, limit: limit) == due(model, at: now, limit: limit))
        }
        for chosen in model.keys.shuffled(using: &random) {
            deadlines.remove(chosen)
            model[chosen] = nil
            #expect(deadlines.earliest == model.values.min())
        }
        #expect(deadlines.earliest == nil)
        #expect(deadlines.due(at: .max, limit: 9).isEmpty)
    }

    @Test func `a handoff has one deadline`() async {
        await #expect(processExitsWith: .failure) {
            var deadlines = Deadlines()
            deadlines.insert(1, for: 1)
            deadlines.insert(2, for: 1)
        }
    }
}
