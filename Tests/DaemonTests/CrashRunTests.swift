import Journal
import Registry
import TestSupport
import Testing

@testable import Transport

/// SIGKILL of the coordinator at every point of a step, again and again, under the load of eight
/// clients: the log, the clients and the descriptors agree in the end.
struct CrashRunTests {
    /// Four sources and their four targets.
    static let pairCount = 4
    /// How often a point is passed before the kill, at most: with eight clients that is some steps.
    static let passMaximum: Int32 = 40
    /// Between two rounds of all points, from when the next coordinator serves: longer than what a
    /// keeper calls a quick end, of which it allows no more than ten in a row.
    static let restMilliseconds: Int64 = 1100
    /// A long run says so often how far it is.
    static let killsBetweenReports: Int32 = 50
    /// Of each run; `BATON_KILLS` asks for more.
    static let killCount =
        HostFacts.environmentVariable("BATON_KILLS").flatMap { Int32($0) } ?? 50

    @Test func `no kill at any point loses or doubles a handoff`() throws {
        let coordinator = try RunningCoordinator(keeper: true, withFaults: true)
        let faults = try #require(coordinator.faults)
        let loads = try (0..<Self.pairCount).map { _ in
            try LoadProcess(socketPath: coordinator.socketPath)
        }
        let seed = randomUInt64()
        print("crash run: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        var kills: [FaultControl.Point: Int] = [:]
        let start = Clock.bootMicroseconds()
        for kill in 0..<Self.killCount {
            // Each point as often as the others, in the order of a step.
            let points = FaultControl.Point.allCases
            let point = points[Int(kill) % points.count]
            if point == points.first { try rest(coordinator, kills: kill) }
            let pass = Int32.random(in: 1...Self.passMaximum, using: &generator)
            faults.kill(at: point, pass: pass)
            try Waiting.until("\(point) in pass \(pass), kill \(kill), seed \(seed)") {
                try coordinator.dropNotifications()
                return faults.killedCount > kill
            }
            kills[point, default: 0] += 1
            if (kill + 1) % Self.killsBetweenReports == 0 {
                let seconds = (Clock.bootMicroseconds() - start) / 1_000_000
                print("crash run: \(kill + 1) kills of \(Self.killCount) in \(seconds) s")
            }
        }
        // A target that ends before it has told a coordinator of its last one dies unconfirmed.
        try rest(coordinator, kills: Self.killCount)
        let numbers = try loads.flatMap { try $0.finish() }
        try expectAllDelivered(coordinator, numbers, kills)
    }

    /// Lets the coordinator that came after so many kills serve for longer than a quick end.
    private func rest(_ coordinator: RunningCoordinator, kills: Int32) throws {
        try Waiting.until("a coordinator serves after \(kills) kills") {
            try coordinator.dropNotifications()
            return try coordinator.status()["keeper_restarts"] == "\(kills)"
        }
        Clock.sleep(milliseconds: Self.restMilliseconds)
    }

    private func expectAllDelivered(
        _ coordinator: RunningCoordinator, _ numbers: [UInt64], _ kills: [FaultControl.Point: Int]
    ) throws {
        try Waiting.until("every confirm is written") {
            try coordinator.status()["held"] == "0"
        }
        #expect(try coordinator.status()["keeper_restarts"] == "\(Self.killCount)")
        try coordinator.expectNoDescriptorMore()
        try Waiting.until("the kernel has told of each socket that nobody has") {
            try coordinator.status()["sockets"] == "0"
        }
        try coordinator.stop()
        try LogCheck.run(coordinator.databasePath)
        var counts: [String: Int] = [:]
        var issued: Set<UInt64> = []
        var delivered: [UInt64] = []
        let events = try coordinator.events()
        for event in events {
            counts[event.content.kind.name, default: 0] += 1
            switch event.content {
            case .handoffIssued: issued.insert(event.sequence)
            case .handoffDelivered(let handoff, _): delivered.append(handoff)
            default: break
            }
        }
        let text = kills.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        print(
            """
            crash run: \(kills.values.reduce(0, +)) kills (\(text)), \(events.count) events, \
            \(issued.count) handoffs issued, \(numbers.count) arrived, \(delivered.count) \
            delivered, \(counts["coordinator.started"] ?? 0) coordinators, \
            \(counts["delivery.failed"] ?? 0) sent again after a failed delivery
            """)
        #expect(Set(numbers).count == numbers.count, "no handoff arrived twice")
        #expect(Set(delivered).count == delivered.count, "none was recorded twice")
        #expect(Set(numbers) == Set(delivered), "the log says what arrived")
        #expect(issued == Set(delivered), "none was lost")
        // The source closed its own before the target could have one: two of each socket.
        #expect(counts["socket.seen"] == issued.count)
        #expect(counts["descriptor.closed"] == 2 * issued.count, "each close is written")
        #expect(counts["socket.released"] == issued.count)
        #expect(counts["coordinator.recovered"] == (counts["coordinator.started"] ?? 0) - 1)
        let again = try coordinator.baton("redecide")
        #expect(again.status == .code(0), "\(again.output)\(again.error)")
        // One that is killed while it starts has written nothing of that.
        let started = try #require(counts["coordinator.started"])
        #expect((2...1 + Int(Self.killCount)).contains(started))
    }
}

/// A source and a target of `baton-test-peer` that hand over sockets without being asked.
private final class LoadProcess {
    private let child: Child

    init(socketPath: String) throws {
        let program = try Programs.built("baton-test-peer")
        var plan = ChildPlan(path: program, arguments: [program, socketPath, "load"])
        plan.standardInput = .piped
        plan.standardOutput = .piped
        child = try Child(plan)
    }

    /// Ends it; the numbers of the handoffs that arrived.
    func finish() throws -> [UInt64] {
        child.closeInput()
        let output = try #require(child.output)
        let text = String(decoding: try output.descriptor.readToEnd(), as: UTF8.self)
        let lines = text.split(separator: "\n")
        #expect(try child.reap("the load") == .code(0), "\(lines.last ?? "")")
        return lines.compactMap { UInt64($0) }
    }
}
