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
        let intruder = try Intruder(coordinator)
        try target.kill()
        try target.reap()
        try intruder.awaitFailure()
        try intruder.leave()
        try coordinator.wait(for: "handoff.voided handoff-1: target exited")
        let story = try coordinator.finish()
        #expect(story.count { $0 == "process.exited target signal 9" } == 1)
    }
}
