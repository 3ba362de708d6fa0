import Journal
import Registry
import TestSupport
import Testing

@testable import Transport

/// A coordinator in a PID namespace of its own that has the host's /proc: every number there means
/// a stranger.
@Suite(
    .enabled(
        if: PIDNamespace.isPossible && KernelFeatures.probe().pidfdInfo,
        "a PID namespace needs root, and to serve in it Linux 6.13"))
struct ForeignProcTests {
    @Test func `from the /proc of another PID namespace nothing is taken for a process's own`()
        throws
    {
        let namespace = try PIDNamespace()
        let scratch = try Scratch()
        let (socketPath, databasePath) = (scratch["socket"], scratch["registry.db"])
        var plan = try Refused.plan(socket: socketPath, database: databasePath)
        plan.arguments = namespace.launcherWithForeignProc + plan.arguments
        plan.path = plan.arguments[0]
        let coordinator = try Child(plan)
        try Waiting.until("it listens") { try SystemFiles.facts(of: socketPath) != nil }
        let reader = try LogReader(path: databasePath)
        func kinds() throws -> [EventKind] { try reader.allEvents().map(\.content.kind) }
        func peer(_ name: String) throws -> PeerProcess {
            try PeerProcess(name, socketPath: socketPath, launcher: namespace.launcher)
        }
        let (source, target) = (try peer("source"), try peer("target"))
        let number = try #require(Int32(try target.perform("pid")))
        try source.perform("pair s far stream")
        try target.perform("open t \(try source.perform("duplicate s \(number)"))")
        try Waiting.until("it is delivered") { try kinds().contains(.handoffDelivered) }

        let found = try source.perform("reconcile")
        #expect(found.contains("closed=0") && found.contains("released=0"), "\(found)")
        #expect(!found.contains("unreadable=0"), "\(found)")
        let status = try Tool.run(
            namespace.launcher[0],
            namespace.launcher.dropFirst() + [
                try Programs.built("baton"), "status", "--socket", socketPath,
            ])
        #expect(status.output.contains("descriptors,executables,pid_namespaces"))
        let identities = try reader.identities()
        #expect(identities.map(\.pid).contains(number))
        for identity in identities {
            #expect(identity.executable == nil && identity.controlGroup == nil)
            #expect(identity.pidNamespace == nil && identity.start == 0)
            #expect(identity.uid == 0 && identity.effectiveUID == 0)
        }
        #expect(try !kinds().contains(.descriptorClosed))

        try source.end()
        try target.end()
        try Waiting.until("their exits are seen") {
            try kinds().count { $0 == .processExited } == 2
        }
        try namespace.terminate(try #require(try reader.coordinatorPID()))
        #expect(try coordinator.reap("the coordinator") == .code(0))
        try LogCheck.run(databasePath)
    }
}
