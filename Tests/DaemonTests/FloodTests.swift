import Registry
import TestSupport
import Testing

@testable import Transport

/// One user takes all that it can get, and another hands sockets over meanwhile, as if alone.
@Suite(.enabled(if: HostFacts.effectiveUID() == 0, "other users need root"))
struct FloodTests {
    static let floodingUID: UInt32 = 65_533
    static let quietUID = PermissionTests.otherUID
    /// Processes of the user that floods.
    static let floodCount = 2
    static let handoffCount = 50
    /// A second; the bound of what one user has written in it is below.
    static let second: Int64 = 1_000_000
    static let refusalsPerSecond = 20
    /// Of the coordinator: what may wait for its close, and some for all else.
    static let descriptorsMaximum = 3072

    /// Small enough that the flood reaches each of them, also where it is slow.
    static let limits = """
        limits:
          connections: 48
          connections_per_user: 20
          requests_in_flight: 64
          requests_in_flight_per_user: 32
          requests_per_second: 1000
          requests_per_second_per_user: 600
          refusals_per_second: 200
          refusals_per_second_per_user: \(refusalsPerSecond)

        """

    @Test(arguments: ["connections", "requests", "forged", "unread", "idle", "laden"])
    func `a flood of one user costs another not one handoff`(kind: String) throws {
        try flood(kind, Self.limits)
    }

    /// What many requests bring along is more than the table has room for.
    @Test(
        .enabled(if: DescriptorLimit.canBeSet, "prlimit(1) is needed"),
        arguments: ["burdened", "surplus"])
    func `descriptors of requests leave room for others where there are few`(kind: String) throws {
        let limits = "limits: {refusals_per_second_per_user: \(Self.refusalsPerSecond)}\n"
        try flood(kind, limits, launcher: DescriptorLimit.launcher(1024))
    }

    private func flood(_ kind: String, _ limits: String, launcher: [String] = []) throws {
        let scratch = try Scratch()
        let path = scratch["baton.yaml"]
        try SystemFiles.writeFileExclusively(path, Array(limits.utf8), mode: 0o600)
        let coordinator = try RunningCoordinator(
            ["--socket-mode", "666", "--configuration", path], keeper: true, launcher: launcher)
        let floods = try (0..<Self.floodCount).map { _ in
            try FloodProcess(kind, socketPath: coordinator.socketPath)
        }
        for flood in floods { try flood.waitUntilReady() }
        let source = try coordinator.peer("source", uid: Self.quietUID)
        let target = try coordinator.peer("target", uid: Self.quietUID)
        // Each answer is waited for no longer than anything here may take.
        for peer in [source, target] { try peer.perform("start") }
        let served = try coordinator.childOfKeeper().pid()
        var descriptors = 0
        for _ in 0..<Self.handoffCount {
            descriptors = max(descriptors, try coordinator.descriptorCount(of: served))
            let cookie = try source.perform("listen s 127.0.0.1:0 stream")
            let record = try source.perform("duplicate s \(target.pid)")
            #expect(try target.perform("open t \(record)") == cookie)
            try target.perform("close t")
            try source.perform("close s")
        }
        #expect(descriptors <= Self.descriptorsMaximum)
        print("flood of \(kind): at most \(descriptors) descriptors")
        let tallies = try floods.map { try $0.finish() }
        _ = try coordinator.finish()
        try expectBounded(coordinator, tallies.joined(separator: "; "))
    }

    private func expectBounded(_ coordinator: RunningCoordinator, _ tallies: String) throws {
        var users: [ProcessNumber: UInt32] = [:]
        var refused: [UInt32: [Int64]] = [:]
        var suppressed: [UInt32: UInt64] = [:]
        var delivered = 0
        for event in try coordinator.events() {
            let time = event.time.bootMicroseconds
            func note(_ actor: ProcessNumber?, uid: UInt32? = nil) {
                let user = actor.flatMap { users[$0] } ?? uid
                if let user { refused[user, default: []].append(time) }
            }
            switch event.content {
            case .processSeen(let identity): users[event.sequence] = identity.effectiveUID
            case .handoffRefused(let refusal): note(refusal.actor)
            case .redemptionRefused(let refusal): note(refusal.actor)
            case .requestRefused(let refusal): note(refusal.actor, uid: refusal.uid)
            case .requestsSuppressed(let found): suppressed[found.uid, default: 0] += found.count
            case .handoffDelivered: delivered += 1
            default: break
            }
        }
        #expect(delivered == Self.handoffCount)
        #expect(Array(refused.keys) == [Self.floodingUID], "nobody else is refused anything")
        #expect(Array(suppressed.keys) == [Self.floodingUID])
        let times = refused[Self.floodingUID] ?? []
        let inOneSecond = times.indices.map { index in
            times[index...].prefix { $0 - times[index] < Self.second }.count
        }
        // The second of the count may turn once within any other.
        let most = inOneSecond.max() ?? 0
        #expect(most <= 2 * Self.refusalsPerSecond, "written within one second")
        print(
            """
            flood: \(tallies); \(times.count) refusals written, \
            at most \(most) in a second, \(suppressed[Self.floodingUID] ?? 0) counted
            """)
    }
}

/// `baton-test-peer` of another user that does nothing but harm.
private final class FloodProcess {
    private let child: Child

    init(_ kind: String, socketPath: String) throws {
        let program = try Programs.built("baton-test-peer")
        let arguments =
            Programs.asUser(FloodTests.floodingUID) + [program, socketPath, "flood", kind]
        var plan = ChildPlan(path: arguments[0], arguments: arguments)
        plan.standardInput = .piped
        plan.standardOutput = .piped
        child = try Child(plan)
    }

    func waitUntilReady() throws {
        let output = try #require(child.output)
        try Waiting.forInput("the flood has begun", from: output)
        let text = String(
            decoding: try Sockets.read(output.descriptor, atMost: 64), as: UTF8.self)
        try #require(text == "ready\n")
    }

    /// Ends it; what it says of itself.
    func finish() throws -> String {
        child.closeInput()
        let output = try #require(child.output)
        let text = String(decoding: try output.descriptor.readToEnd(), as: UTF8.self)
        #expect(try child.reap("the flood") == .code(0))
        return text.trimmingLastNewline
    }
}

extension String {
    fileprivate var trimmingLastNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
