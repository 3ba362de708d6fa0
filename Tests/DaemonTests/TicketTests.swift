import Registry
import Testing
import Winsock

@testable import Transport

/// A ticket works once, and for one process.
@Suite struct TicketTests {
    @Test func `a ticket works for nobody but its target, and once`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let other = try coordinator.peer("stranger")
        try other.perform("start")
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try other.expect("wrong process, 10022", "open x \(record)")
        try source.expect("wrong process, 10022", "open x \(record)")
        try target.perform("open t \(record)")
        try target.expect("used, 10022", "open x \(record)")
        // Whether it was used is nobody else's business.
        try other.expect("wrong process, 10022", "open x \(record)")
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "process.seen target",
                "process.seen stranger",
                "socket.seen socket-1",
                "handoff.issued handoff-1 of socket-1 from source to target",
                "redemption.refused handoff-1 by stranger: wrong process",
                "redemption.refused handoff-1 by source: wrong process",
                "handoff.reserved handoff-1 by target, attempt 1",
                "handoff.delivered handoff-1 confirmed",
                "redemption.refused handoff-1 by target: used",
                "redemption.refused handoff-1 by stranger: wrong process",
                "process.exited source code 0",
                "descriptor.closed socket-1 of source by exit",
                "process.exited target code 0",
                "descriptor.closed socket-1 of target by exit",
                "socket.released socket-1 kernel",
                "process.exited stranger code 0",
                "coordinator.stopped 1",
            ])
    }

    @Test func `a process can hand a socket to itself`() throws {
        let coordinator = try RunningCoordinator()
        let source = try coordinator.peer("source")
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(source.pid)")
        #expect(try source.perform("open t \(record)") == cookie)
        try source.perform("close s")
        try source.perform("close t")
        expectStory(
            try coordinator.finish(),
            [
                "process.seen source",
                "socket.seen socket-1",
                "handoff.issued handoff-1 of socket-1 from source to source",
                "handoff.reserved handoff-1 by source, attempt 1",
                "handoff.delivered handoff-1 confirmed",
                "descriptor.closed socket-1 of source by closesocket",
                "descriptor.closed socket-1 of source by closesocket",
                "socket.released socket-1 kernel",
                "process.exited source code 0",
                "coordinator.stopped 1",
            ])
    }

    @Test(arguments: ["A", "W"])
    func `a record redeems in the form it has on arrival`(_ form: String) throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let sent = try Record(try source.perform("duplicate s \(target.pid) form=\(form)"))
        #expect(sent.bytes.count == (form == "A" ? 372 : 628))
        // As a program compiled for the other form would pass it on.
        let info = try ProtocolInfo(sent.bytes)
        let converted = Record(info.encoded(as: form == "A" ? .wide : .ansi))
        #expect(try target.perform("open t \(converted.text)") == cookie)
        try target.expect("used, 10022", "open x \(sent.text)")
        let story = try coordinator.finish()
        #expect(story.contains("handoff.delivered handoff-1 confirmed"))
        #expect(try coordinator.handoffForms() == [form])
    }

    @Test(arguments: [
        ("one bit of the secret", 8, "forged"), ("the handoff's number", 112, "forged"),
        ("a public field", 76, "altered record"),
    ])
    func `a changed record is refused, and the true one still redeems`(
        _ what: String, _ offset: Int, _ reason: String
    ) throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let record = try Record(try source.perform("duplicate s \(target.pid)"))
        var changed = record
        changed.bytes[offset] ^= 1
        try target.expect("\(reason), 10022", "open x \(changed.text)")
        try target.expect("malformed record, 10022", "open x \(record.text.dropLast(2))")
        let plain = Record(try ProtocolInfo(record.bytes).withoutTicket.encoded(as: .wide))
        try target.expect("plain record, 10022", "open x \(plain.text)")
        try target.perform("open t \(record.text)")
        let story = try coordinator.finish()
        let refusals = story.filter { $0.hasPrefix("redemption.refused") }
        let named = reason == "forged" ? "" : "handoff-1 "
        #expect(
            refusals == [
                "redemption.refused \(named)by target: \(reason)",
                "redemption.refused by target: malformed record",
                "redemption.refused by target: plain record",
            ])
        #expect(story.contains("handoff.delivered handoff-1 confirmed"))
    }
}

extension RunningCoordinator {
    /// The form of each record, as the log has it.
    func handoffForms() throws -> [String] {
        try events().compactMap { event in
            guard case .handoffIssued(let issued) = event.content else { return nil }
            return issued.form.letter
        }
    }
}

extension ProtocolInfo {
    var withoutTicket: ProtocolInfo {
        var info = self
        info.ticket = nil
        return info
    }
}
