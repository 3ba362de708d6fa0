import Simulation
import Testing

@testable import Transport

struct ScenarioTests {
    @Test func `every action reads as it is written`() throws {
        let lines = [
            "process 3 pid 7 user 1000", "exit 3", "exec 3", "fork 3 child 9 pid 8",
            "socket 5 of 3", "socket 5 of 3 unix", "socket 5 of 3 foreign", "drop 3 socket 5",
            "reconcile 15 by 3", "overflow", "keeper lost", "keeper lost stop",
            "keeper lost replace", "stop", "start fetched", "start kept crash before commit",
            "start fetched crash after 2", "connect 3", "duplicate 12 by 3 socket 5 pid 7",
            "duplicate 12 by 3 socket 5 pid 7 lifetime 250", "redeem 13 by 7 record 12",
            "redeem 13 by 7 record 12 forged", "revoke 14 by 3 record 12", "again 13",
            "stray 9 over 3 record 12", "misconfirm 7 record 12", "close 3 socket 5",
            "receive 3", "receive 3 truncated", "serve", "serve later", "serve full",
            "serve crash before commit", "serve crash after 2", "serve unknown present",
            "serve unknown absent", "start kept", "start lost", "start snapshot", "space",
            "wait 1500", "step -5000", "settle",
        ]
        let text = lines.map { $0 + "\n" }.joined()
        #expect(Scenario.text(try Scenario.read(text)) == text)
    }

    @Test(arguments: [
        "proces 3 pid 7 user 1000", "exit", "exit three", "exit 3 4", "serve crash",
        "serve crash after -1", "start", "receive 3 twice", "duplicate 1 by 2 socket 3",
        "redeem 13 by 7 record 12 false", "wait", "unknown 4", "socket 5 of 3 tcp", "keeper",
        "keeper lost twice", "start kept later", "start kept crash", "stop it", "overflow 1",
        "reconcile 3",
    ])
    func `a line that is no action is named`(_ line: String) {
        #expect(throws: Scenario.Mistake(line: 3, text: line)) {
            try Scenario.read("settle # the end\n\n\(line)\n")
        }
    }

    @Test func `what makes no sense does nothing`() throws {
        let text = """
            exit 3
            redeem 1 by 2 record 3
            connect 9
            serve
            start kept
            start kept
            close 1 socket 1
            fork 4 child 4 pid 4
            misconfirm 1 record 1
            stray 1 over 2 record 3
            again 12
            space
            settle
            """
        #expect(Simulation.run(try Scenario.read(text)) == nil)
    }

    /// What once failed.
    @Test(arguments: [
        "counted-in-its-own-way", "exit-not-written", "observed-at-itself", "observed-of-another",
        "observed-twice", "void-grant-received",
    ])
    func `kept scenarios keep all promises`(_ name: String) throws {
        let folder = "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")
        let bytes = try SystemFiles.readFile("/\(folder)/Seeds/\(name).txt", limit: 1 << 20)
        let actions = try Scenario.read(String(decoding: bytes, as: UTF8.self))
        #expect(actions.count > 10)
        #expect(Simulation.run(actions) == nil)
    }

    /// Seeds that once failed, with as many steps as that took.
    @Test(arguments: [(23, 62_000)])
    func `kept seeds keep all promises`(_ seed: UInt64, _ steps: Int) {
        let failure = Simulation(seed: seed).run(steps: steps)
        #expect(failure?.violation == nil, "simulate --seed \(seed) shows how")
    }
}
