import Testing

@testable import Daemon
@testable import Transport

@Suite struct ProcessTableTests {
    @Test func `a process that is watched anew is not forgotten as what it was before`() throws {
        let table = try ProcessTable()
        let features = KernelFeatures.probe()
        func watched() throws -> WatchedProcess {
            try table.watch(try ProcessHandle(pid: HostFacts.ownPID()), features: features)
        }
        let first = try watched()
        try table.forget(first)
        let second = try watched()
        #expect(second !== first)
        try table.forget(first)
        #expect(table[second.instance] === second)
        try table.forget(second)
        #expect(table.count == 0)
    }
}
