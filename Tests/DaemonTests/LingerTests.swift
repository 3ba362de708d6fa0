import Testing

@testable import Transport

@Suite struct LingerTests {
    @Test func `a close that takes a minute delays no handoff`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let listener = try Sockets.listen("127.0.0.1:0")
        try source.perform("connect s 127.0.0.1:\(try Sockets.localPort(listener)) stream")
        let far = try Sockets.accept(listener)
        try source.perform("linger s 60")
        // The far end reads nothing: the last close waits for it, or for a minute.
        try source.perform("flood s")
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        try source.perform("drop s")
        try source.perform("revoke \(try record.handoff)")
        try source.perform("pair u v stream")
        for _ in 0..<20 {
            let record = try source.perform("duplicate u \(target.pid)")
            try target.perform("open t \(record)")
            try target.perform("say t ping")
            #expect(try source.perform("hear v 4") == "ping")
            try target.perform("close t")
        }
        // All of that went on while the socket was still there: it goes only with its data read.
        #expect(try far.readToEnd().count > 65_536)
        let story = try coordinator.finish()
        #expect(story.count { $0.hasPrefix("handoff.delivered") } == 20)
    }
}
