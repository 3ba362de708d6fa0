import Baton
import GRDB
import Registry
import Testing

@testable import Transport

/// An exit is told once by the kernel. When it cannot be written, it is not lost.
@Suite struct UnwrittenExitTests {
    @Test func `the exit of a target that could not be written is written when there is room`()
        throws
    {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        try source.perform("duplicate s \(target.pid)")
        // Nobody else may write to the log; one who does all the same keeps the coordinator out.
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let intruder = try DatabaseQueue(
            path: coordinator.databasePath, configuration: configuration)
        try intruder.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
        try target.kill()
        try target.reap()
        try Waiting.until("it sees that it cannot write") { try Self.cannotWrite(coordinator) }
        try intruder.inDatabase { try $0.execute(sql: "ROLLBACK") }
        try intruder.close()
        try coordinator.wait(for: "handoff.voided handoff-1: target exited")
        let story = try coordinator.finish()
        #expect(story.count { $0 == "process.exited target signal 9" } == 1)
    }

    private static func cannotWrite(_ coordinator: RunningCoordinator) throws -> Bool {
        do {
            return try coordinator.status()["store_full"] == "true"
        } catch let error as BatonError where error.reason == Refusal.storeFull.name {
            // It was asked in the round whose commit failed.
            return true
        }
    }
}
