import Baton
import Registry
import Testing
import Transport
import Winsock
import Wire

/// Each in a process of its own, because a fork takes only the forking thread along.
struct ForkTests {
    @Test
    func `a child draws a new nonce and connects for itself`() async {
        await #expect(processExitsWith: .success) {
            let childHasEnded = try Signal()
            let coordinator = try FakeCoordinator { listener in
                let (parent, first) = try listener.greeted()
                try parent.expect(.revoke(counter: 2, watermark: 1, handoff: 1, text: ""))
                try parent.answer(2, .done)
                let (child, second) = try listener.greeted()
                #expect(second.nonce != first.nonce)
                #expect(second.counter == 2)
                try child.expect(.revoke(counter: 1, watermark: 0, handoff: 2, text: ""))
                try child.answer(1, .done)
                try child.expectEnd()
                childHasEnded.send()
                // The parent goes on where it was.
                try parent.expect(.revoke(counter: 3, watermark: 2, handoff: 3, text: ""))
                try parent.answer(3, .done)
            }
            let client = coordinator.client()
            try client.connect()
            try client.revoke(handoff: 1)
            let child = try TestingFork.run {
                do {
                    let count = try HostFacts.openDescriptorCount()
                    try client.revoke(handoff: 2)
                    // The inherited connection is closed where the new one was opened.
                    return try HostFacts.openDescriptorCount() == count ? 0 : 2
                } catch {
                    return 1
                }
            }
            #expect(ExitStatus(rawStatus: try TestingFork.wait(child)) == .code(0))
            try childHasEnded.wait()
            try client.revoke(handoff: 3)
            try coordinator.finish()
        }
    }

    @Test
    func `confirms of the parent are not the child's to send`() async {
        await #expect(processExitsWith: .success) {
            let (socket, _) = try Sample.pair()
            let cookie = try socket.cookie
            let coordinator = try FakeCoordinator { listener in
                let (parent, _) = try listener.greeted()
                let redeem = try parent.redeem()
                try parent.answer(redeem.counter, Sample.grant(), passing: socket)
                try parent.expect(.confirm(handoff: 7, attempt: 1, cookie: cookie))
                let (child, _) = try listener.greeted()
                try child.expect(.revoke(counter: 1, watermark: 0, handoff: 2, text: ""))
                try child.answer(1, .done)
                try child.expectEnd()
            }
            let client = coordinator.client()
            let opened = try client.open(Sample.info)
            let number = opened.withDescriptor { $0 }
            let child = try TestingFork.run {
                do {
                    try client.revoke(handoff: 2)
                    return BorrowedDescriptor(number).isOpen ? 0 : 2
                } catch {
                    return 1
                }
            }
            #expect(ExitStatus(rawStatus: try TestingFork.wait(child)) == .code(0))
            try coordinator.finish()
        }
    }

    @Test
    func `a child forked while a thread of the parent waits can call at once`() async {
        await #expect(processExitsWith: .success) {
            let isAsked = try Signal()
            let childHasEnded = try Signal()
            let coordinator = try FakeCoordinator { listener in
                let (parent, _) = try listener.greeted()
                let counter = try parent.revoke()
                isAsked.send()
                let (child, _) = try listener.greeted()
                try child.answer(child.revoke(), .done)
                try childHasEnded.wait()
                try parent.answer(counter, .done)
            }
            let client = coordinator.client()
            let isAnswered = try Signal()
            let worker = try Worker()
            worker.add {
                do throws(BatonError) {
                    try client.revoke(handoff: 1)
                    isAnswered.send()
                } catch {
                    Issue.record(error)
                }
            }
            try isAsked.wait()
            let child = try TestingFork.run {
                do {
                    try client.revoke(handoff: 2)
                    return 0
                } catch {
                    return 1
                }
            }
            #expect(ExitStatus(rawStatus: try TestingFork.wait(child)) == .code(0))
            childHasEnded.send()
            try isAnswered.wait()
            try coordinator.finish()
        }
    }

    @Test
    func `the threads of a child can wait for each other's calls`() async {
        await #expect(processExitsWith: .success) {
            let threadCount = 4
            let callCount = 50
            let coordinator = try FakeCoordinator { listener in
                let (parent, _) = try listener.greeted()
                let (child, _) = try listener.greeted()
                for _ in 0...threadCount * callCount { try child.answer(child.revoke(), .done) }
                try child.expectEnd()
                try parent.expectEnd()
            }
            do {
                let client = coordinator.client()
                try client.connect()
                let child = try TestingFork.run {
                    do {
                        // The forking thread takes part: its id is not what it was.
                        let calls = try Calls(client, threads: threadCount, each: callCount)
                        try client.revoke(handoff: 1)
                        return try calls.finish() == 0 ? 0 : 2
                    } catch {
                        return 1
                    }
                }
                #expect(ExitStatus(rawStatus: try TestingFork.wait(child)) == .code(0))
            }
            try coordinator.finish()
        }
    }
}

/// Threads that call one client.
final class Calls: Sendable {
    private let workers: [Worker]
    private let signals: [Signal]
    private let failureCount = ForkSafeLock(0)

    init(_ client: Client, threads: Int, each callCount: Int) throws {
        workers = try (0..<threads).map { _ in try Worker() }
        signals = try (0..<threads).map { _ in try Signal() }
        for (worker, signal) in zip(workers, signals) {
            worker.add { [failureCount] in
                for handoff in 1...callCount {
                    do throws(BatonError) {
                        try client.revoke(handoff: UInt64(handoff))
                    } catch {
                        failureCount.withLock { $0 += 1 }
                    }
                }
                signal.send()
            }
        }
    }

    /// Waits for all; how many calls failed.
    func finish() throws -> Int {
        for signal in signals { try signal.wait() }
        return failureCount.withLock { $0 }
    }
}
