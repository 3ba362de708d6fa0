import TestSupport
import Testing

@testable import Transport

/// The units of Examples under a real systemd. On request, because it boots one.
@Suite(
    .enabled(
        if: HostFacts.environmentVariable("BATON_SYSTEMD") != nil,
        "BATON_SYSTEMD=1 boots a systemd, as root and with systemd-nspawn"))
struct ServiceMachineTests {
    private let machine: ServiceMachine
    private let source: PeerProcess
    private let target: PeerProcess

    init() throws {
        machine = try ServiceMachine()
        source = try machine.peer("source", group: "baton-clients")
        target = try machine.peer("target", group: "baton-clients")
        for peer in [source, target] { try peer.perform("start") }
    }

    /// Ten handoffs whose sources keep nothing.
    private func issue() throws -> [String] {
        let pid = try target.perform("pid")
        return try (0..<10).map { index in
            try source.perform("pair s\(index) far\(index) stream")
            let record = try source.perform("duplicate s\(index) \(pid)")
            try source.perform("drop s\(index)")
            return record
        }
    }

    /// All of them arrive, each at the right end.
    private func open(_ records: [String]) throws {
        for (index, record) in records.enumerated() {
            try target.perform("open t \(record)")
            try target.perform("say t \(index)")
            #expect(try source.perform("hear far\(index) 1") == "\(index)")
            try target.perform("close t")
        }
    }

    private func waitForAnother(than pid: String?) throws {
        try Waiting.until("another coordinator answers") {
            let tool = try machine.run("baton", "status", "--socket", ServiceMachine.socketPath)
            return tool.status == .code(0) && !tool.output.contains(" \(pid ?? "-")\n")
        }
    }

    @Test func `whoever is in the group may connect, and nobody else`() throws {
        // The machine has a namespace of control groups, as a host has not.
        #expect(try machine.status()["unseen"] == "descriptors,control_groups")
        let stranger = try machine.peer("stranger", group: "nogroup")
        try stranger.expect("noCoordinator, 10050", "start")
        // The service has started meanwhile, and did not take the socket for its own.
        let socket = try machine.require("stat", "-c", "%U %G %a", ServiceMachine.socketPath)
        #expect(socket == "baton baton-clients 660\n")
    }

    @Test(arguments: [
        "systemctl restart baton", "kill -9 COORDINATOR", "kill -9 KEEPER",
        "systemctl reload baton",
    ])
    func `what is in escrow outlives this`(what: String) throws {
        let records = try issue()
        let before = try machine.status()
        let (pid, keeper) = (try #require(before["pid"]), try #require(before["keeper"]))
        let command = what.replacing("COORDINATOR", with: pid).replacing("KEEPER", with: keeper)
        try machine.require("sh", "-c", command)
        if !what.contains("reload") { try waitForAnother(than: pid) }
        try open(records)
        let database = "/var/lib/baton/registry.db"
        try machine.require("baton", "verify", "--database", database)
        try machine.require("baton", "check", "--database", database)
    }
}
