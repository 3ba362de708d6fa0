import ArgumentParser
import Simulation
import Transport

/// Runs the rules in a seeded world, and looks for a broken promise.
@main
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs Baton's rules in a world of faults, and audits what can be seen of it.",
        discussion: """
            The seed comes first, so that whatever follows can be had again. A broken promise is \
            shrunk to a short scenario, which --scenario runs again.

            Exit status: 0 all promises were kept, 1 one was broken, 2 usage.
            """)

    @Option(help: "What decides the whole run; drawn when it is not given.")
    var seed: UInt64?

    @Option(help: "How many things happen.")
    var steps = 200_000

    @Option(help: "A mistake to make on purpose; see --list-mutants.")
    var mutant: Mutant?

    @Flag(help: "Lists the mistakes that can be made on purpose.")
    var listMutants = false

    @Option(help: "Runs this scenario instead; - reads it from standard input.")
    var scenario: String?

    @Flag(help: "Shows with a scenario what each action wrote into the log.")
    var events = false

    /// Scenarios are written by hand or by the shrinker: a world of actions is 30 KB.
    private static let scenarioByteCount = 16 << 20

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            Output.write(fullMessage(for: error) + "\n", to: .error)
            exit(withError: ExitCode(2))
        }
    }

    func validate() throws {
        if steps < 1 { throw ValidationError("--steps is at least 1") }
    }

    func run() throws {
        if listMutants {
            for mutant in Mutant.allCases {
                Output.write("\(mutant.rawValue)\t\(mutant.summary)\n")
            }
            return
        }
        if let scenario { return try run(scenario: scenario) }
        let seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        Output.write("seed \(seed)\n")
        let simulation = Simulation(seed: seed, mutant: mutant)
        do throws(Errno) {
            guard let broken = try Run(simulation: simulation, steps: steps).broken() else {
                return Output.write("\(steps) steps, all promises kept\n")
            }
            Output.write("broken after \(broken.steps) steps: \(broken.what)\n")
            let short = try broken.shrink()
            Output.write("\(short.count) of \(broken.scenario.count) actions do it:\n\n")
            Output.write(Scenario.text(short))
        } catch {
            throw ValidationError("cannot run in a process of its own: \(error)")
        }
        throw ExitCode.failure
    }

    private func run(scenario path: String) throws {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try Self.bytes(of: path)
        } catch {
            throw ValidationError("cannot read \(path): \(error)")
        }
        let actions: [Action]
        do throws(Scenario.Mistake) {
            actions = try Scenario.read(String(decoding: bytes, as: UTF8.self))
        } catch {
            throw ValidationError("line \(error.line) is not an action: \(error.text)")
        }
        let status: Transport.ExitStatus
        do throws(Errno) {
            status = try Attempt.run { perform(actions) }
        } catch {
            throw ValidationError("cannot run in a process of its own: \(error)")
        }
        guard status != .code(0) else { return }
        if case .signal(let signal) = status { Output.write("broken: \(Broken.text(signal))\n") }
        throw ExitCode.failure
    }

    /// The status to end with.
    private func perform(_ actions: [Action]) -> Int32 {
        let violation = Simulation.run(actions, mutant: mutant) { action, events in
            guard self.events else { return }
            Output.write(
                ([action.text] + events.map { "    " + $0 }).joined(separator: "\n") + "\n")
        }
        Output.write(
            violation.map { "broken: \($0)\n" }
                ?? "\(actions.count) actions, all promises kept\n")
        return violation == nil ? 0 : 1
    }

    private static func bytes(of path: String) throws(Errno) -> [UInt8] {
        path == "-"
            ? try StandardStream.input.read(limit: scenarioByteCount)
            : try SystemFiles.readFile(path, limit: scenarioByteCount)
    }
}

/// Written at once, so that a seed is there whatever comes after it.
enum Output {
    static func write(_ text: String, to stream: StandardStream = .output) {
        do throws(Errno) {
            try stream.write(Array(text.utf8))
        } catch {
            // Nobody reads any more.
            Simulate.exit(withError: ExitCode.failure)
        }
    }
}

extension Mutant: ExpressibleByArgument {}
