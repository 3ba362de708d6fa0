import ArgumentParser
import Baton
import Journal
import Transport

/// `baton bench`: what a handoff costs, with real processes.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure handoffs with real processes.",
        discussion: """
            Each pair of processes has one handoff outstanding: duplicate, the record over a pipe, \
            redeem, grant, confirm, close. Without --socket a coordinator is started on a scratch \
            database. Afterwards every handoff must be in the log from issue to close, or the \
            status is 4. Figures of two machines, or of two runs at different times, are not \
            comparable: --client c has programs in C and in Swift in turn, in one run.
            """)

    @OptionGroup var common: CommonOptions
    @Option(help: "Pairs of processes, 1 to 256.") var pairs = 1
    @Option(help: "Seconds to measure, after a warm-up of 15 % of that.") var seconds = 2.0
    @Option(help: "Where the scratch database is made, on the disk to be measured.")
    var directory = "."
    @Option(help: "The library of the processes: swift, or c, which is measured against swift.")
    var client = BenchClient.swift
    @Flag(help: "Start the coordinator without a keeper.") var noKeeper = false
    @Flag(help: "Start the coordinator without a tree over its events and signed checkpoints.")
    var noEvidence = false
    @Option(help: "A configuration file for the coordinator, such as one with rules.")
    var configuration: String?
    @OptionGroup var document: DocumentOptions

    func validate() throws {
        guard (1...256).contains(pairs) else { throw ValidationError("--pairs takes 1 to 256.") }
        guard seconds > 0, seconds <= 3600 else {
            throw ValidationError("--seconds takes more than 0 and at most 3600.")
        }
        guard (common.socket == nil) == (common.database == nil) else {
            throw ValidationError("--socket goes with --database: the log is checked afterwards.")
        }
        guard common.socket == nil || !noKeeper && !noEvidence && configuration == nil else {
            throw ValidationError("The coordinator of --socket runs already.")
        }
    }

    func run() throws {
        let output = Output.standard()
        let options = (noKeeper ? ["--no-keeper"] : []) + (noEvidence ? ["--no-evidence"] : [])
        let scratch =
            common.socket == nil
            ? try ScratchCoordinator(
                in: directory, configuration: configuration, arguments: options) : nil
        defer { scratch?.remove() }
        let socket = scratch?.socketPath ?? common.socket ?? ""
        let database = scratch?.databasePath ?? common.database ?? ""
        var results: [BenchClient: BenchResult] = [:]
        let turns = client == .swift ? 1 : Self.turns
        for turn in 0..<turns {
            // Each goes first as often as the other.
            let order: [BenchClient] =
                client == .swift ? [.swift] : turn.isMultiple(of: 2) ? [.swift, .c] : [.c, .swift]
            for kind in order {
                let result = try measure(kind, seconds: seconds / Double(turns), socket: socket)
                do {
                    try check(database, result)
                } catch {
                    scratch?.keep()
                    throw error
                }
                results[kind, default: BenchResult(pairs: pairs, seconds: 0, firstEvent: 0)]
                    .add(result)
            }
        }
        try write(results, to: output)
    }

    /// How often C and Swift are measured in turn.
    private static let turns = 10

    private func write(_ results: [BenchClient: BenchResult], to output: Output) throws {
        guard let swift = results[.swift] else { return }
        var text = document.format == .json ? swift.json : swift.text
        if let c = results[.c] {
            let ratio = Decimal.hundredths(c.median / swift.median)
            text =
                document.format == .json
                ? "{\"swift\":\(swift.json),\"c\":\(c.json),\"c_to_swift_p50\":\(ratio)}"
                : "swift: \(swift.text)\nc: \(c.text)\np50 of c to swift               \(ratio)"
        }
        try output.write(line: text)
        try output.flush()
    }

    private func measure(
        _ kind: BenchClient, seconds: Double, socket: String
    ) throws -> BenchResult {
        let client = Client(socketPath: socket)
        try client.connect()
        let before = try BenchCounters(client)
        let pid = before.pid
        var running: [BenchPair] = []
        for _ in 0..<pairs { running.append(try BenchPair(kind, socket: socket)) }
        for pair in running { try pair.awaitConnected() }
        let processor = try Clock.processorMicroseconds(pid: pid)
        let start = Clock.monotonicNanoseconds()
        let schedule = BenchSchedule(
            countFrom: start + UInt64(seconds * 0.15e9), end: start + UInt64(seconds * 1.15e9))
        for pair in running { try pair.start(schedule) }
        var result = BenchResult(pairs: pairs, seconds: seconds, firstEvent: before.events)
        for pair in running { try pair.finish(into: &result) }
        result.processorMicroseconds = Double(
            try Clock.processorMicroseconds(pid: pid) - processor)
        let after = try BenchCounters(client)
        result.commits = after.commits - before.commits
        result.events = after.events - before.events
        return result
    }

    /// Every handoff of the run is in the log, from issue to close. The last closes ride on a later
    /// commit, so they have a moment to get there.
    private func check(_ database: String, _ result: BenchResult) throws {
        let reader = try LogReader(path: database)
        var whole = 0
        for _ in 0..<200 {
            whole = try reader.handoffCount(from: result.firstEvent, isClosed: true)
            if whole == result.total { break }
            Clock.sleep(milliseconds: 10)
        }
        let all = try reader.handoffCount(from: result.firstEvent, isClosed: false)
        guard whole == all, whole == result.total else {
            throw CommandFailure(
                status: .damaged,
                message: "\(result.total) handoffs were made; the log has \(all), of which "
                    + "\(whole) from issue to close",
                hint: "keep \(database) and report this")
        }
    }
}

/// What the coordinator has counted so far.
private struct BenchCounters {
    var pid: Int32 = 0
    var events: UInt64 = 0
    var commits: UInt64 = 0

    init(_ client: Client) throws {
        for (key, value) in try client.status() {
            switch key {
            case "pid": pid = Int32(value) ?? 0
            case "events": events = UInt64(value) ?? 0
            case "commits": commits = UInt64(value) ?? 0
            default: break
            }
        }
    }
}

/// A source and a target with their pipes.
private final class BenchPair {
    private let source: ChildProcess
    private let target: ChildProcess

    init(_ kind: BenchClient, socket: String) throws {
        var records = try Pipe()
        var releases = try Pipe()
        guard let recordReader = records.reader.take(), let recordWriter = records.writer.take(),
            let releaseReader = releases.reader.take(), let releaseWriter = releases.writer.take()
        else { preconditionFailure("a new pipe has two ends") }
        func plan(_ verb: String, _ more: [String]) throws -> ChildPlan {
            var plan = try kind.plan(verb, socket: socket, more)
            plan.standardInput = .piped
            plan.standardOutput = .piped
            return plan
        }
        var targetPlan = try plan("bench-target", [])
        try targetPlan.pass(recordReader, as: 3)
        try targetPlan.pass(releaseWriter, as: 4)
        target = try ChildProcess.spawn(targetPlan)
        var sourcePlan = try plan("bench-source", ["--target", "\(target.pid)"])
        try sourcePlan.pass(recordWriter, as: 3)
        try sourcePlan.pass(releaseReader, as: 4)
        source = try ChildProcess.spawn(sourcePlan)
    }

    func awaitConnected() throws {
        guard try source.standardOutput?.read(exactly: 1) != nil,
            try target.standardOutput?.read(exactly: 1) != nil
        else { throw CommandFailure.unreachable("A process of the bench cannot connect.") }
    }

    func start(_ schedule: BenchSchedule) throws {
        try target.standardInput?.write(schedule.bytes)
        try source.standardInput?.write(schedule.bytes)
    }

    func finish(into result: inout BenchResult) throws {
        guard let report = try target.standardOutput?.readToEnd(), report.count >= 16 else {
            throw CommandFailure.unreachable("A target of the bench ended early.")
        }
        result.total += Int(BenchNumbers.number(report[0..<8]))
        result.counted += Int(BenchNumbers.number(report[8..<16]))
        for offset in stride(from: 16, to: report.count, by: 8) {
            result.latencies.append(BenchNumbers.number(report[offset..<offset + 8]))
        }
        _ = try source.wait()
        _ = try target.wait()
    }
}

/// The figures of one run.
struct BenchResult {
    var pairs: Int
    var seconds: Double
    var firstEvent: UInt64
    /// Handoffs in all, and those that began and ended within the measured time.
    var total = 0
    var counted = 0
    /// Nanoseconds from the source's call to the target's descriptor.
    var latencies: [UInt64] = []
    var processorMicroseconds = 0.0
    var events: UInt64 = 0
    var commits: UInt64 = 0

    /// Takes in another turn of the same kind.
    mutating func add(_ other: BenchResult) {
        seconds += other.seconds
        total += other.total
        counted += other.counted
        latencies += other.latencies
        processorMicroseconds += other.processorMicroseconds
        events += other.events
        commits += other.commits
    }

    /// Microseconds.
    var median: Double { percentile(0.5) }

    private func percentile(_ part: Double) -> Double {
        guard !latencies.isEmpty else { return 0 }
        let sorted = latencies.sorted()
        return Double(sorted[Int(part * Double(sorted.count - 1) + 0.5)]) / 1000
    }

    private var figures: [(name: String, value: Double)] {
        [
            ("handoffs_per_second", Double(counted) / seconds),
            ("p50_us", percentile(0.5)),
            ("p99_us", percentile(0.99)),
            ("coordinator_cpu_us_per_handoff", processorMicroseconds / Double(max(1, total))),
            ("events_per_commit", Double(events) / Double(max(1, commits))),
            ("events_per_handoff", Double(events) / Double(max(1, total))),
        ]
    }

    var json: String {
        let members =
            ["\"pairs\":\(pairs)", "\"handoffs\":\(total)"]
            + figures.map { "\"\($0.name)\":\(Decimal.text($0.value))" }
        return "{\(members.joined(separator: ","))}"
    }

    var text: String {
        var text = "pairs \(pairs), \(total) handoffs, all in the log from issue to close\n"
        text += figures.map { name, value in
            name + String(repeating: " ", count: 32 - name.count) + Decimal.text(value)
        }.joined(separator: "\n")
        return text
    }
}

enum Decimal {
    /// With one digit after the point.
    static func text(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }

    /// With two digits after the point; not negative.
    static func hundredths(_ value: Double) -> String {
        let hundredths = Int64((value * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
