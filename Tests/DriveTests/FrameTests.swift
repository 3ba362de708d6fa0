import Registry
import Testing
import Wire

@testable import Transport

/// What only frames outside of the library's order bring about is performed again as well.
@Suite struct FrameTests {
    private func text(_ encode: (inout [UInt8]) -> Void) -> String {
        var frame: [UInt8] = []
        encode(&frame)
        return frame.map { $0 < 16 ? "0\(String($0, radix: 16))" : String($0, radix: 16) }.joined()
    }

    private func startup(
        _ counter: UInt64, nonce: UInt64 = 77, versions: ClosedRange<UInt8> = 1...1
    ) -> String {
        text {
            let startup = Request.Startup(
                counter: counter, nonce: nonce, role: .peer, versions: versions)
            Request.encode(startup, into: &$0)
        }
    }

    private func revoke(_ counter: UInt64, _ handoff: UInt64) -> String {
        text {
            Request.encodeRevoke(
                counter: counter, watermark: 0, handoff: handoff, text: "", into: &$0)
        }
    }

    private func redeem(_ counter: UInt64, _ record: String) throws -> String {
        let digits = Array(record)
        let bytes = try stride(from: 0, to: digits.count, by: 2).map { index in
            try #require(UInt8(String(digits[index...index + 1]), radix: 16))
        }
        return text {
            Request.encodeRedeem(
                counter: counter, watermark: 0, flags: 1, record: bytes, program: nil,
                into: &$0)
        }
    }

    private func ask(_ peer: Peer, _ frame: String, with socket: String = "") throws {
        try peer.perform("raw send \(frame)\(socket.isEmpty ? "" : " \(socket)")")
        try peer.perform("raw receive")
    }

    @Test func `requests that are malformed, early, foreign, stale or differ`() throws {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        let handoff = try SameHistoryTests.handoff(record)
        try source.perform("raw connect")
        try ask(source, revoke(1, handoff))
        try ask(source, startup(2, versions: 9...9))
        try ask(source, startup(3))
        try ask(source, startup(10, nonce: 78))
        try ask(
            source,
            text {
                Request.encodeStatus(counter: 4, into: &$0)
                $0[2] = 255
            })
        try ask(source, revoke(5, 999), with: "s")
        try ask(source, revoke(6, 999))
        try source.perform("fork raw send \(revoke(7, handoff))")
        try source.perform("raw receive")
        try ask(source, revoke(8, handoff))
        try ask(source, revoke(8, 4))
        try source.perform(
            "raw send "
                + text {
                    Request.encodeConfirm(handoff: handoff, attempt: 1, cookie: 5, into: &$0)
                })
        try source.perform(
            "raw send " + text { Request.encodeClose(cookie: 5, how: .closesocket, into: &$0) })
        try ask(source, revoke(9, 999))
        try recording.wait(for: .requestRefused, count: 11)
        try recording.expectSame()
    }

    @Test func `a target that declines, one that is gone before the grant, and an unconfirmed one`()
        throws
    {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        let handoff = try SameHistoryTests.handoff(record)
        try target.perform("raw connect")
        try ask(target, startup(1))
        try ask(target, redeem(2, record))
        try target.perform(
            "raw send "
                + text {
                    Request.encodeDecline(
                        handoff: handoff, attempt: 1, reason: .truncated, into: &$0)
                })
        try recording.wait(for: .deliveryFailed)
        try ask(target, redeem(3, record))
        try recording.wait(for: .handoffReserved, count: 2)
        try target.kill(9)
        try recording.wait(for: .handoffVoided)
        try recording.expectSame()
    }

    @Test func `a lifetime that ends after the grant`() throws {
        let recording = try Recording()
        let (source, target) = try recording.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid) lifetime=500000")
        try target.perform("raw connect")
        try ask(target, startup(1))
        try ask(target, redeem(2, record))
        try recording.wait(for: .handoffReserved)
        try recording.wait(for: .handoffVoided)
        try recording.expectSame()
    }

    /// More than its actor may have open, were they held to the end of the play.
    @Test func `what one scene needs is gone after it`() throws {
        let recording = try Recording(configuration: { directory in
            "limits: {refusals_per_second_per_user: 1000}\n"
                + "rules: [{name: not to strangers, action: deny, target: {exe: "
                + "\(directory)/strange*}}, {name: others, action: allow}]"
        })
        let (source, target) = try recording.sourceAndTarget()
        let unseen = try recording.peer(program: try recording.otherPeer())
        try source.perform("listen s 127.0.0.1:0 stream")
        try source.perform("listen m 127.0.0.1:0 stream")
        try source.perform("mark m guaranteed")
        let count = Self.descriptorLimit
        for _ in 0..<count {
            try source.expect("quality of service", "duplicate m \(target.pid) by=pidfd")
            try source.expect("denied by policy", "duplicate s \(unseen.pid)")
            try source.perform("raw connect")
            try ask(source, revoke(1, 999))
        }
        try recording.wait(for: .requestRefused, count: count)
        try recording.wait(for: .handoffRefused, count: 2 * count)
        try recording.stop()
        let drive = ["drive", try recording.bundle(), "--directory", recording.directory]
        let result = try Program.run(drive, descriptorLimit: count)
        #expect(result.status == .code(0), "\(result.output)\(result.error)")
        #expect(!result.output.contains("could not"), "\(result.output)")
    }

    private static let descriptorLimit = 48
}
