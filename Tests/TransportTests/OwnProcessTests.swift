import Testing

@testable import Transport

struct OwnProcessTests {
    @Test func `every child is of a later generation than its parent`() async {
        await #expect(processExitsWith: .success) {
            let parent = OwnProcess.current
            #expect(parent == .current)
            let child = try TestingFork.run {
                let own = OwnProcess.current
                guard own.generation > parent.generation, own == .current else { return 1 }
                do throws(Errno) {
                    let grandchild = try TestingFork.run {
                        OwnProcess.current.generation > own.generation ? 0 : 2
                    }
                    return ExitStatus(rawStatus: try TestingFork.wait(grandchild)) == .code(0)
                        ? 0 : 3
                } catch {
                    return 4
                }
            }
            #expect(ExitStatus(rawStatus: try TestingFork.wait(child)) == .code(0))
            #expect(OwnProcess.current == parent)
        }
    }

    @Test func `a stored process is what it was`() {
        let stored = AtomicOwnProcess(nil)
        #expect(stored.load() == nil)
        stored.store(.current)
        #expect(stored.load() == .current)
    }
}
