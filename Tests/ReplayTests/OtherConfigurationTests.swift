import Journal
import Registry
import Replay
import Testing

@testable import baton

/// What would have been decided under another configuration, and what of it nobody can know.
@Suite("Deciding again by another configuration")
struct OtherConfigurationTests {
    private let log: LivedLog

    init() throws { log = try LivedLog() }

    /// - Parameter recorded: what was in force, in the form in which the log has it.
    private func begin(_ recorded: String) {
        log.open()
        log.perform(.configure(digest: "ab12", content: recorded))
    }

    private func process(
        _ pid: Int32, uid: UInt32 = 1000, gid: UInt32 = 50, _ name: String, unit: String = "x"
    ) -> UInt64 {
        log.perform(
            .observeProcess(
                ProcessIdentity(
                    pid: pid, instance: UInt64(pid) + 1_000_000, start: 4_000, uid: uid, gid: 50,
                    effectiveUID: uid, effectiveGID: gid,
                    executable: Array("/opt/\(name)".utf8),
                    controlGroup: Array("/system.slice/\(unit).service/worker".utf8))))
    }

    private func decide(_ rules: String) throws -> Redecision {
        try Redecide.run(try log.reader(), rules: Rules(text: rules))
    }

    private func reason(_ difference: Redecision.Difference?) -> Refusal? {
        switch difference?.decided.first {
        case .handoffRefused(let refused): refused.reason
        case .redemptionRefused(let refused): refused.reason
        case .requestRefused(let refused): refused.reason
        default: nil
        }
    }

    /// All of these rules are about the second target, and not about the first.
    private static let selectors = [
        "target.exe=/opt/b*", "target.gid=7", "target.unit=b.service",
        "target.cgroup=/system.slice/b.service",
    ]

    private func tellTwoTargets(_ recorded: String) -> (UInt64, UInt64) {
        begin(recorded)
        let source = process(10, "s", unit: "s")
        let (a, b) = (process(11, "a", unit: "a"), process(12, gid: 7, "b", unit: "b"))
        let socket = log.socket(4097)
        return (
            log.duplicate(source, to: .process(a), socket),
            log.duplicate(source, to: .process(b), socket)
        )
    }

    @Test(arguments: selectors)
    func `each selector counts where a rule of the time had it looked at`(_ selector: String)
        throws
    {
        let (_, second) = tellTwoTargets(
            "rule=allow name=ours source.exe=/opt/* target.exe=/opt/*\n")
        let redecision = try decide("rule=deny name=other \(selector)\n")
        #expect(redecision.differences.map(\.sequence) == [second])
        #expect(reason(redecision.differences.first) == .deniedByPolicy)
        #expect(redecision.differences.first?.missing == nil)
        #expect(redecision.likely.isEmpty)
    }

    @Test(arguments: selectors)
    func `what no rule of the time had looked at is named as unknown`(_ selector: String) throws {
        let (_, second) = tellTwoTargets("strict=false\n")
        let redecision = try decide("rule=deny name=other \(selector)\n")
        #expect(redecision.differences.map(\.sequence) == [second])
        let words = "what source and target had become since they were seen"
        #expect(redecision.differences.first?.missing == words)
        // The first might have been about it too, and nobody knows.
        #expect(redecision.likely == [words: 2])
    }

    @Test func `the effective user is known without rules`() throws {
        let (first, second) = tellTwoTargets("strict=false\n")
        let redecision = try decide("rule=deny name=other target.uid=1000\n")
        #expect(redecision.differences.map(\.sequence) == [first, second])
        #expect(redecision.likely.isEmpty)
    }

    @Test func `an executable was proved only for a rule about executables`() throws {
        _ = tellTwoTargets("rule=allow name=ours source.uid=1000\n")
        let words = "whether their executables were the files at these paths"
        #expect(try decide("rule=deny name=other target.exe=/opt/b\n").likely == [words: 2])
        #expect(try decide("rule=deny name=other target.gid=7\n").likely.isEmpty)
    }

    @Test func `a redemption is decided by what the target is, and may be unknown`() throws {
        begin("strict=false\n")
        let (source, target) = (process(10, "s"), process(11, "a"))
        let handoff = log.duplicate(source, to: .process(target), log.socket(4097))
        let redeemed = log.redeem(handoff, by: target)
        let redecision = try decide("rule=deny name=other target.exe=/opt/a\n")
        #expect(redecision.differences.map(\.sequence) == [handoff, redeemed])
        #expect(reason(redecision.differences.last) == .deniedByPolicy)
        #expect(
            redecision.differences.last?.missing
                == "what the source was when it handed over, "
                + "and what the target had become since it was seen")
    }

    @Test func `a target that was refused before the log had it stays unknown`() throws {
        begin("rule=deny name=other\n")
        let (source, socket) = (process(10, "s"), log.socket(4097))
        log.duplicate(source, to: .denied(.deniedByPolicy, rule: "other"), socket)
        let redecision = try decide("rule=allow name=all\n")
        #expect(redecision.differenceCount == 0)
        let words = "the process that it named, which was refused and not written down"
        #expect(redecision.likely == [words: 1])
        // By the rules of its time nothing is unknown.
        #expect(try Redecide.run(try log.reader()).likely.isEmpty)
    }

    @Test func `who listened, and what the kernel had marked, is known only if it was looked at`()
        throws
    {
        _ = tellTwoTargets("strict=false\n")
        let listening = "whether the socket was listening by then"
        let redecision = try decide("rule=deny name=listeners kinds=tcp-listening\n")
        #expect(redecision.likely == [listening: 2])
        #expect(try decide("rule=deny name=datagrams kinds=udp\n").likely.isEmpty)
        let marks = "marks of quality of service that the kernel had"
        #expect(try decide("strict=true\n").likely == [marks: 2])
    }

    @Test func `limits of one user count what that user has`() throws {
        begin("strict=false\n")
        let first = process(10, uid: 1000, "s")
        let second = process(11, uid: 1001, "s")
        let third = process(12, uid: 1000, "s")
        let socket = log.socket(4097)
        let one = log.duplicate(first, to: .process(third), socket)
        let other = log.duplicate(second, to: .process(second), socket)
        let two = log.duplicate(third, to: .process(third), socket)
        log.redeem(one, by: third)
        log.confirm(one, by: third, cookie: 4097)
        let redeemed = log.redeem(two, by: third)
        let next = log.socket(4098)
        log.select(second, socket, mask: 1)
        log.select(first, next, mask: 1)
        let last = log.socket(4099)
        let selected = log.registry.nextSequence
        log.select(third, last, mask: 1)
        func refused(_ rules: String) throws -> [UInt64: Refusal] {
            let differences = try decide(rules).differences
            return Dictionary(
                uniqueKeysWithValues: differences.compactMap { difference in
                    reason(difference).map { (difference.sequence, $0) }
                })
        }
        #expect(try refused("handoffs_per_user=1\n") == [two: .tooManyForUser])
        #expect(try refused("descriptors_per_user=1\n") == [redeemed: .tooManyDescriptors])
        #expect(try refused("registrations_per_user=1\n") == [selected: .tooManyRegistrations])
        let sockets = try refused("sockets_per_user=1\n")
        #expect(sockets[two] == .tooManySockets && sockets[one] == nil && sockets[other] == nil)
        #expect(try decide("processes_per_user=1\n").differences.map(\.sequence) == [third])
        #expect(try decide("processes_per_user=2\n").differenceCount == 0)
    }
}
