import Registry
import Testing

@testable import Transport

/// What `baton serve` keeps when the coordinator under its keeper dies.
@Suite struct KeeperTests {
    @Test func `a ticket outlives six coordinators and its source`() throws {
        let coordinator = try RunningCoordinator(keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try source.perform("close s")
        try source.end()
        try coordinator.wait(for: "process.exited source code 0")
        for kill in 1...6 {
            try coordinator.killUnderKeeper()
            #expect(try coordinator.status()["keeper_restarts"] == "\(kill)")
            #expect(try coordinator.status()["kept"] == "1")
            try LogCheck.run(coordinator.databasePath)
        }
        #expect(try target.perform("open t \(record)") == cookie)
        let story = try coordinator.finish()
        #expect(story.count { $0 == "coordinator.recovered held 1, matched 1, lost 0" } == 6)
        #expect(story.count { $0 == "handoff.delivered handoff-1 confirmed" } == 1)
        #expect(!story.contains { $0.hasPrefix("handoff.voided") })
    }
}
