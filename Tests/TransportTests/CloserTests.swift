import Glibc
import Testing

@testable import Transport

struct CloserTests {
    @Test func `closing a lingering socket with unsent data does not block the caller`() async {
        await #expect(processExitsWith: .success) {
            let listener = try Sockets.listen("127.0.0.1:0")
            let client = try Sockets.connect("127.0.0.1:\(try Sockets.localPort(listener))")
            let server = try Sockets.accept(listener)
            try Sockets.setLinger(client, seconds: 1)
            try Sockets.setNonBlocking(client)
            // Nobody reads: what does not fit into both buffers stays unsent.
            #expect(throws: Errno.again) {
                while true { try Sockets.write(client, [UInt8](repeating: 0, count: 65_536)) }
            }
            let closer = Closer()
            let start = Clock.monotonicNanoseconds()
            closer.close(client)
            let handedOver = Clock.monotonicNanoseconds()
            #expect(handedOver - start < 500_000_000)
            #expect(closer.pendingCount == 1)
            closer.finish()
            // Shows that there was something to wait for.
            #expect(Clock.monotonicNanoseconds() - start > 800_000_000)
            #expect(closer.pendingCount == 0)
            server.close()
        }
    }

    @Test func `finish closes everything, and a closer can be used again`() async {
        await #expect(processExitsWith: .success) {
            let before = try openDescriptors()
            let closer = Closer()
            for _ in 0..<2 {
                for _ in 0..<100 { closer.close(try Sockets.pair(.stream).takeFirst()) }
                closer.finish()
                #expect(closer.pendingCount == 0)
                #expect(try openDescriptors() == before)
            }
            closer.finish()
        }
    }

    @Test func `the end of a closer waits for what it holds`() async {
        await #expect(processExitsWith: .success) {
            let before = try openDescriptors()
            do {
                let closer = Closer()
                for _ in 0..<100 { closer.close(try Sockets.pair(.stream).takeFirst()) }
            }
            #expect(try openDescriptors() == before)
        }
    }

    @Test func `a child made by fork closes with a thread of its own`() async {
        await #expect(processExitsWith: .success) {
            let closer = Closer()
            closer.close(try Sockets.pair(.stream).takeFirst())
            while closer.pendingCount > 0 { sched_yield() }
            let passed = SharedDescriptor(try Sockets.pair(.stream).takeFirst())
            let child = try TestingFork.run {
                do throws(Errno) {
                    let before = try HostFacts.openDescriptorCount()
                    for _ in 0..<100 { closer.close(try passed.descriptor.duplicate()) }
                    closer.finish()
                    // The wake-up of the parent's thread goes, if that thread left the lock free.
                    let left = try before - HostFacts.openDescriptorCount()
                    return left == 0 || left == 1 ? 0 : 1
                } catch {
                    return 2
                }
            }
            #expect(try ExitStatus(rawStatus: TestingFork.wait(child)) == .code(0))
        }
    }
}
