import Glibc
import Testing

@testable import Transport

struct LeakTests {
    @Test func `nothing leaks in a thousand rounds of each`() async {
        await #expect(processExitsWith: .success) {
            let features = KernelFeatures.probe()
            let pair = try Connection.pair()
            let passed = try Sockets.pair(.stream)
            let tcp = try Sockets.listen("127.0.0.1:0")
            let own = try ProcessHandle(pid: getpid())
            let directory = try TemporaryDirectory()
            let path = directory.file("socket")
            let closer = Closer()
            try expectNoLeak("pass one") {
                try pair.first.send([1].span, passing: passed.first, wait: true)
                _ = try receiveMessage(pair.second)
            }
            try expectNoLeak("pass five") {
                try pair.first.send([1].span, passing: passed.first, repeated: 5, wait: true)
                _ = try receiveMessage(pair.second, closer: closer)
                if closer.pendingCount > 100 { closer.finish() }
            }
            closer.finish()
            try expectNoLeak("socket facts") {
                _ = try Sockets.facts(of: tcp, quality: true)
                #expect(throws: Errno.notASocket) { try Sockets.facts(of: own, quality: true) }
            }
            try expectNoLeak("process facts") { _ = try own.facts(features: features) }
            try expectNoLeak("handles") {
                _ = try ProcessHandle(adopting: own.duplicate().takeDescriptor())
                #expect(throws: Errno.badDescriptor) {
                    _ = try ProcessHandle(adopting: passed.first.duplicate())
                }
            }
            try expectNoLeak("pollers") {
                _ = try Poller()
                _ = try EventDescriptor()
                _ = try TimerDescriptor()
            }
            try expectNoLeak("listeners") {
                let listener = try Listener.bind(path: path, mode: 0o600)
                let client = try Connection.connect(path: path)
                let server = try required(try listener.accept()).takeConnection()
                _ = try server.peerProcess()
                client.takeDescriptor().close()
            }
            try expectNoLeak("refused listeners") {
                #expect(throws: ListenError.notASocket) {
                    _ = try Listener.bind(path: "/etc/passwd", mode: 0o600)
                }
            }
            try expectNoLeak("closers") {
                let closer = Closer()
                closer.close(try passed.first.duplicate())
            }
            try expectNoLeak("children", repetitions: 20) {
                var plan = ChildPlan(path: "/bin/true", arguments: ["true"])
                plan.standardInput = .piped
                plan.standardOutput = .piped
                try plan.pass(passed.first, as: 9)
                #expect(try ChildProcess.spawn(plan).wait() == 0)
            }
            try directory.remove("socket")
        }
    }
}
