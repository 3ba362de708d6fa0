/// Scenarios as text: one action a line; `#` begins a comment.
package enum Scenario {
    package struct Mistake: Error, Equatable {
        /// From 1.
        package let line: Int
        package let text: String

        package init(line: Int, text: String) {
            self.line = line
            self.text = text
        }
    }

    package static func read(_ text: String) throws(Mistake) -> [Action] {
        var actions: [Action] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let words = line.prefix { $0 != "#" }
            guard words.contains(where: { $0 != " " }) else { continue }
            guard let action = Action(text: words) else {
                throw Mistake(line: index + 1, text: String(line))
            }
            actions.append(action)
        }
        return actions
    }

    package static func text(_ actions: [Action]) -> String {
        actions.map { $0.text + "\n" }.joined()
    }
}

/// Makes a failing scenario short: leaves out parts as long as the same promise is broken
/// (Zeller's ddmin, from halves down to single lines).
package struct Shrinker: Sendable {
    let mutant: Mutant?

    package init(mutant: Mutant? = nil) { self.mutant = mutant }

    package func shrink(_ scenario: [Action]) -> [Action] {
        guard let rule = Simulation.run(scenario, mutant: mutant)?.rule else { return scenario }
        return Self.shrink(scenario) { Simulation.run($0, mutant: mutant)?.rule == rule }
    }

    /// - Parameter fails: whether a shorter scenario fails as the whole one does.
    package static func shrink<Failure: Error>(
        _ scenario: [Action], while fails: ([Action]) throws(Failure) -> Bool
    ) throws(Failure) -> [Action] {
        var rest = scenario
        var size = max(1, rest.count / 2)
        while true {
            var isShorter = false
            var start = 0
            while start < rest.count {
                var without = rest
                without.removeSubrange(start..<min(start + size, rest.count))
                if try fails(without) {
                    rest = without
                    isShorter = true
                } else {
                    start += size
                }
            }
            if size == 1, !isShorter { return rest }
            size = max(1, size / 2)
        }
    }
}
