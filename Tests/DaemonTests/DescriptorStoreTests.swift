import Registry
import TestSupport
import Testing

@testable import Daemon
@testable import Transport

/// A planned restart under a service manager that keeps descriptors.
@Suite struct DescriptorStoreTests {
    @Test(arguments: [true, false])
    func `what is in escrow outlives a stop in the service manager's store`(
        keeper: Bool
    ) throws {
        let coordinator = try RunningCoordinator(keeper: keeper)
        try coordinator.stop()
        let store = DescriptorStore(capacity: 16)
        coordinator.store = store
        try coordinator.start()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        let record = try source.perform("duplicate s \(target.pid)")
        let again = try source.perform("duplicate s \(target.pid)")
        let other = try source.perform("listen o 127.0.0.1:0 stream")
        let otherRecord = try source.perform("duplicate o \(target.pid)")
        // All ends of both are in escrow or gone: the pair has hung up.
        try source.end()
        try coordinator.wait(for: "process.exited source code 0")
        try coordinator.stopIntoStore()
        let cookies = store.entries.map { "\($0.cookie)" }
        try #require(cookies.count == 2)
        #expect(cookies[1] == other)
        try store.evictHungUp()
        #expect(store.entries.count == 2)
        try coordinator.start()
        try coordinator.emptyStore()
        #expect(store.removedNames.sorted() == cookies.map { "baton-\($0)" }.sorted())
        #expect(try target.perform("open t \(record)") == cookies[0])
        #expect(try target.perform("open u \(again)") == cookies[0])
        #expect(try target.perform("open v \(otherRecord)") == other)
        let story = try coordinator.finish()
        #expect(story.contains("coordinator.recovered held 3, matched 3, lost 0"))
    }

    @Test(arguments: [true, false])
    func `what the store has no room for is void, with its reason`(isTold: Bool) throws {
        let coordinator = try RunningCoordinator(keeper: true)
        try coordinator.stop()
        let store = DescriptorStore(capacity: 1, isTold: isTold)
        coordinator.store = store
        try coordinator.start()
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try source.perform("listen z 127.0.0.1:0 stream")
        let lost = try source.perform("duplicate z \(target.pid)")
        try source.end()
        try coordinator.wait(for: "process.exited source code 0")
        try coordinator.stopIntoStore()
        #expect(store.entries.map { "\($0.cookie)" } == [cookie])
        try coordinator.start()
        try coordinator.emptyStore()
        #expect(try target.perform("open t \(record)") == cookie)
        try target.expect("escrow lost, 10022", "open x \(lost)")
        #expect(try coordinator.finish().contains("handoff.voided handoff-2: escrow lost"))
    }

    /// What was stored is taken over itself: a copy of each would not fit.
    @Test(.enabled(if: DescriptorLimit.canBeSet, "prlimit(1) is needed"), arguments: [true, false])
    func `a store that fills most of the descriptor limit is taken over whole`(
        keeper: Bool
    ) throws {
        let coordinator = try RunningCoordinator(
            ["--max-handoffs-per-user", "126"], keeper: keeper,
            launcher: DescriptorLimit.launcher(256))
        try coordinator.stop()
        coordinator.store = DescriptorStore(capacity: 256)
        try coordinator.start()
        let (source, target) = try coordinator.sourceAndTarget()
        let count = 126
        var cookies: [String] = []
        var records: [String] = []
        for _ in 0..<count {
            cookies.append(try source.perform("listen s 127.0.0.1:0 stream"))
            records.append(try source.perform("duplicate s \(target.pid)"))
            try source.perform("close s")
        }
        try source.end()
        try coordinator.wait(for: "process.exited source code 0")
        try coordinator.stopIntoStore()
        try #require(coordinator.store?.entries.count == count)
        try coordinator.start()
        try coordinator.emptyStore()
        #expect(try target.perform("open a \(records[0])") == cookies[0])
        if keeper { try coordinator.killUnderKeeper() }
        #expect(try target.perform("open z \(records[count - 1])") == cookies[count - 1])
        // No count of its descriptors: the first start can have inherited some of this process,
        // whose numbers the stored ones have taken since.
        try target.end()
        try coordinator.wait(for: "process.exited target code 0")
        try coordinator.stop()
        try LogCheck.run(coordinator.databasePath)
        let story = try coordinator.story()
        #expect(
            story.contains("coordinator.recovered held \(count), matched \(count), lost 0"))
        #expect(!story.contains { $0.hasSuffix("escrow lost") })
    }

    @Test func `no more is stored than the next start can be told of`() throws {
        func canStart(_ names: [String]) throws -> Bool {
            let variable = "LISTEN_FDNAMES=" + names.joined(separator: ":")
            do throws(Errno) {
                let plan = ChildPlan(
                    path: "/bin/true", arguments: ["true"], environment: [variable])
                return Transport.ExitStatus(rawStatus: try ChildProcess.spawn(plan).wait())
                    == .code(0)
            } catch .argumentListTooLong {
                return false
            }
        }
        var room = StoreRoom(capacity: 65_536)
        let all = (100_000..<165_536).map { StoreName.name(of: $0) }
        let stored = all.filter { room.take($0) }
        #expect(stored.count > 8192)
        #expect(try canStart(["baton.socket"] + stored))
        #expect(try !canStart(["baton.socket"] + all), "so the bound is needed")
        var small = StoreRoom(capacity: 2)
        #expect(all.prefix(3).map { small.take($0) } == [true, true, false])
    }

    @Test func `stored sockets beside a listener, and a kill before they were redeemed`() throws {
        let scratch = try Scratch()
        let path = scratch["activated.sock"]
        let listener = SharedListener(
            try Listener.bind(path: path, mode: 0o600, group: nil, backlog: 16))
        let coordinator = try RunningCoordinator(
            keeper: true, listener: listener, listeningAt: path)
        let (target, record, cookie) = try hold(coordinator)
        try coordinator.stopIntoStore()
        try coordinator.start()
        try coordinator.emptyStore()
        // From here on the keeper has it.
        try coordinator.killUnderKeeper()
        #expect(try target.perform("open t \(record)") == cookie)
        _ = try coordinator.finish()
        #expect(try SystemFiles.facts(of: path) != nil)
    }

    /// Gives it a store, and a ticket whose source has ended; the socket's cookie.
    private func hold(
        _ coordinator: RunningCoordinator
    ) throws -> (target: PeerProcess, record: String, cookie: String) {
        try coordinator.stop()
        coordinator.store = DescriptorStore(capacity: 32)
        try coordinator.start()
        let (source, target) = try coordinator.sourceAndTarget()
        let cookie = try source.perform("listen s 127.0.0.1:0 stream")
        let record = try source.perform("duplicate s \(target.pid)")
        try source.end()
        try coordinator.wait(for: "process.exited source code 0")
        return (target, record, cookie)
    }

    @Test(arguments: [true, false])
    func `a stop that cannot be written stores what is in escrow all the same`(
        keeper: Bool
    ) throws {
        let coordinator = try RunningCoordinator(keeper: keeper)
        let (target, record, cookie) = try hold(coordinator)
        let intruder = try Intruder(coordinator)
        try coordinator.stopIntoStore(expecting: 7)
        try intruder.leave()
        try coordinator.start()
        try coordinator.emptyStore()
        #expect(try target.perform("open t \(record)") == cookie)
        _ = try coordinator.finish()
    }

    @Test func `a keeper that is told to stop between two coordinators stores what it has`()
        throws
    {
        let coordinator = try RunningCoordinator(keeper: true)
        let (target, record, cookie) = try hold(coordinator)
        let intruder = try Intruder(coordinator)
        let number = try #require(Int32(try coordinator.status()["pid"] ?? ""))
        try ProcessHandle(pid: number).signal(Signals.kill)
        // The next one cannot write that it starts, where there is time for one.
        try coordinator.stopIntoStore(expecting: nil)
        try intruder.leave()
        try coordinator.start()
        try coordinator.emptyStore()
        #expect(try target.perform("open t \(record)") == cookie)
        _ = try coordinator.finish()
    }

    @Test(arguments: [true, false])
    func `a manager that does not read for a while keeps nothing for good`(
        isKilled: Bool
    ) throws {
        let coordinator = try RunningCoordinator(keeper: true)
        let (target, record, cookie) = try hold(coordinator)
        _ = try holdMore(coordinator, for: target)
        try coordinator.stopIntoStore()
        try coordinator.start()
        // It waits for the manager for a second, and goes on without it.
        let number = try #require(Int32(try coordinator.status()["pid"] ?? ""))
        #expect(try #require(coordinator.store).entries.count == 21)
        if isKilled { try ProcessHandle(pid: number).signal(Signals.kill) }
        try coordinator.emptyStore()
        #expect(try target.perform("open t \(record)") == cookie)
        try coordinator.dropNotifications()
        let held = try coordinator.descriptorCount()
        try target.end()
        // Its connection, its handle, and what nobody can ask for any more.
        try Waiting.until("nothing of it stays open") {
            try coordinator.descriptorCount() <= held - 2 - 20
        }
        // What this process was started with can be other than at the first start: the numbers of
        // what was stored may have been in use.
        try coordinator.stop()
        try LogCheck.run(coordinator.databasePath)
    }
    /// What is out of escrow while the manager may have it too is the keeper's by its number, which
    /// must be that socket's until the end.
    @Test func `a stop that cannot be written, with a manager that has not read yet`() throws {
        let coordinator = try RunningCoordinator(keeper: true)
        let (target, record, cookie) = try hold(coordinator)
        let others = try holdMore(coordinator, for: target)
        try coordinator.stopIntoStore()
        try coordinator.start()
        #expect(try target.perform("open t \(record)") == cookie)
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        let intruder = try Intruder(coordinator)
        try coordinator.stopIntoStore(expecting: 7)
        try intruder.leave()
        try coordinator.start()
        try coordinator.emptyStore()
        for (record, cookie) in others {
            #expect(try target.perform("open x \(record)") == cookie)
            try target.perform("close x")
        }
        // Descriptors are not counted, as above.
        try coordinator.stop()
        try LogCheck.run(coordinator.databasePath)
        #expect(try !coordinator.story().contains { $0.hasSuffix("escrow lost") })
    }

    /// So many that a manager that does not read cannot be told of all; records and cookies.
    private func holdMore(
        _ coordinator: RunningCoordinator, for target: PeerProcess
    ) throws -> [(record: String, cookie: String)] {
        let source = try coordinator.peer("other")
        let held = try (0..<20).map { index in
            let cookie = try source.perform("listen s\(index) 127.0.0.1:0 stream")
            return (try source.perform("duplicate s\(index) \(target.pid)"), cookie)
        }
        try source.end()
        return held
    }
}
