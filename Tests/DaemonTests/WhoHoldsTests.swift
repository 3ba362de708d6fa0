import Journal
import Registry
import TestSupport
import Testing

@testable import Transport

/// `baton who-holds` beside a coordinator: who has a socket, and whom Baton does not know.
@Suite struct WhoHoldsTests {
    private func answer(
        _ coordinator: RunningCoordinator, _ what: String, json: Bool = false
    ) throws -> String {
        let program = try Programs.built("baton")
        var plan = ChildPlan(
            path: program,
            arguments: [program, "who-holds", what, "--database", coordinator.databasePath]
                + (json ? ["-o", "json"] : []))
        plan.standardOutput = .piped
        let child = try Child(plan)
        let text = String(
            decoding: try #require(child.output).descriptor.readToEnd(), as: UTF8.self)
        #expect(try child.reap("who-holds") == .code(0))
        return text
    }

    /// The lines of holders, without what changes: the program's name is the same in all.
    private func holders(_ text: String) -> [String] {
        text.split(separator: "\n").filter { $0.contains("baton") }.map { line in
            line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        }
    }

    @Test func `holders are named by how Baton knows them, and strangers as strangers`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let port = try source.perform("port s")
        let record = try source.perform("duplicate s \(target.pid)")
        // While it is on its way, the coordinator has it.
        #expect(try answer(coordinator, ":\(port)").contains("in escrow for handoff #"))
        try target.perform("open t \(record)")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        let child = try #require(Int32(try target.perform("leave")))
        let handoff = try #require(
            try coordinator.events().first { $0.content.kind == .handoffIssued }?.sequence)
        let socket = try #require(
            try coordinator.events().first { $0.content.kind == .socketSeen }?.sequence)
        // The coordinator drops its own a moment later.
        try Waiting.until("three have it") {
            try holders(answer(coordinator, "\(socket)")).count == 3
        }
        for what in ["\(socket)", "#\(handoff)", "127.0.0.1:\(port)", "localhost:\(port)"] {
            let found = holders(try answer(coordinator, what))
            #expect(found.count == 3, "\(what)")
            #expect(
                found.contains {
                    $0.hasPrefix("\(source.pid) ") && $0.hasSuffix("cookie its own")
                })
            #expect(
                found.contains {
                    $0.hasPrefix("\(target.pid) ") && $0.hasSuffix("cookie handoff #\(handoff)")
                })
            let stranger = "not known to Baton (forked child of pid \(target.pid), or plain dup)"
            #expect(
                found.contains { $0.hasPrefix("\(child) ") && $0.hasSuffix(stranger) }, "\(found)")
        }
        let json = try answer(coordinator, "\(handoff)", json: true)
        #expect(json.contains("\"pid\":\(child)") && json.contains("\"known\":false"))
        #expect(json.contains("\"may_not_see\":["))
        try ProcessHandle(pid: child).signal(Signals.kill)
        // A duplicate that only dup(2) knows of.
        try source.perform("dup s copy")
        #expect(
            holders(try answer(coordinator, "\(handoff)")).contains {
                $0.hasSuffix("its own; 1 more that Baton does not know (dup)")
            })
        // Closed without a word: the log still has it.
        try target.perform("drop t")
        #expect(
            try answer(coordinator, "\(handoff)").contains(
                "handoff #\(handoff); not found: closed without a word, or ended"))
        _ = try coordinator.finish()
    }

    @Test func `it needs no coordinator, and finds sockets that were never handed over`() throws {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        let handoff = try #require(
            try coordinator.events().first { $0.content.kind == .handoffIssued }?.sequence)
        let name = coordinator.scratch["own"]
        try source.perform("listen own unix:\(name) stream")
        try coordinator.kill()
        let found = holders(try answer(coordinator, "\(handoff)"))
        #expect(found.contains { $0.hasPrefix("\(source.pid) ") })
        #expect(found.contains { $0.hasPrefix("\(target.pid) ") })
        let text = try answer(coordinator, name)
        #expect(text.contains("never handed over"))
        #expect(holders(text).contains { $0.hasPrefix("\(source.pid) ") })
        #expect(try answer(coordinator, "127.0.0.1:1").contains("no socket that can be seen"))
        try source.perform("listen t 127.0.0.1:0 stream")
        let port = try source.perform("port t")
        let mistaken = try coordinator.baton("who-holds", port)
        #expect(mistaken.status == .code(1))
        #expect(mistaken.error.contains("did you mean `:\(port)`?"), "\(mistaken.error)")
    }

    @Test func `of what is in escrow the coordinator is named, and its keeper, and no other`()
        throws
    {
        let coordinator = try RunningCoordinator(keeper: true)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        let port = try source.perform("port s")
        try source.perform("duplicate s \(target.pid)")
        let child = try #require(Int32(try source.perform("leave")))
        let found = holders(try answer(coordinator, ":\(port)"))
        #expect(found.count == 4, "\(found)")
        #expect(found.count { $0.contains("the coordinator, in escrow for handoff #") } == 1)
        #expect(found.count { $0.contains("its keeper, in escrow for handoff #") } == 1)
        #expect(found.contains { $0.hasPrefix("\(child) ") && $0.contains("not known to Baton") })
        try ProcessHandle(pid: child).signal(Signals.kill)
        _ = try coordinator.finish()
    }

    @Test func `without the log an address is looked for all the same, and a number is not`() throws
    {
        let listener = try Sockets.listen("127.0.0.1:0")
        let port = try Sockets.localPort(listener)
        let program = try Programs.built("baton")
        let missing = ["--database", "/nonexistent/registry.db"]
        let found = try Tool.run(program, ["who-holds", "127.0.0.1:\(port)"] + missing)
        #expect(found.status == .code(0), "\(found.error)")
        #expect(found.output.contains("  \(HostFacts.ownPID()) "), "\(found.output)")
        #expect(found.output.contains("not known without the log"))
        #expect(found.output.contains("may not see: the log (cannot be opened: "))
        #expect(!found.output.contains("never handed over"))
        #expect(try Tool.run(program, ["who-holds", "\(port)"] + missing).status == .code(3))
    }
}
