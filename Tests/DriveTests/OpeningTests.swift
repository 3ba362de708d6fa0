import Registry
import Testing

@testable import Transport

/// Bundles that begin where much is open.
@Suite struct OpeningTests {
    /// The rules keep the newest 64 answers of a client, and take what is older for stale.
    @Test(arguments: [65, 300])
    func `open handoffs of one client`(count: Int) throws {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let records = try (0..<count).map { _ in
            try source.perform("duplicate s \(target.pid)")
        }
        let start = try recording.eventCount()
        try source.perform("duplicate s \(target.pid)")
        try target.perform("open t \(records[0])")
        try recording.wait(for: .handoffDelivered)
        try source.perform("revoke \(try SameHistoryTests.handoff(records[count - 1]))")
        try recording.stop()
        try recording.expectSame("\(start)..")
    }

    @Test func `sockets that one process has received`() throws {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        for number in 0..<100 {
            let record = try source.perform("duplicate s \(target.pid)")
            try target.perform("open t\(number) \(record)")
        }
        try recording.wait(for: .handoffDelivered, count: 100)
        let start = try recording.eventCount()
        let record = try source.perform("duplicate s \(target.pid)")
        try target.perform("open last \(record)")
        try recording.wait(for: .handoffDelivered, count: 101)
        // As a source the target asks by the same client instance.
        try target.perform("duplicate last \(source.pid)")
        try target.perform("close t0")
        try recording.wait(for: .descriptorClosed)
        try recording.stop()
        try recording.expectSame("\(start)..")
    }
}
