import GRDB
import TestSupport
import Testing

@testable import Transport

/// What keeps a coordinator from starting: it says so, and touches nothing.
@Suite struct StartRefusalTests {
    @Test func `of two coordinators on one socket the second does not start`() throws {
        let first = try RunningCoordinator()
        let second = try Refused.serve(
            socket: first.socketPath, database: first.scratch["other.db"])
        #expect(second.status == .code(3))
        #expect(second.text.contains("another coordinator listens on \(first.socketPath)"))
        #expect(second.text.contains("--socket"))
        #expect(try first.finish() == ["coordinator.stopped 1"])
    }

    @Test func `of two coordinators on one database the second does not start`() throws {
        let first = try RunningCoordinator()
        let second = try Refused.serve(
            socket: first.scratch["other.sock"], database: first.databasePath)
        #expect(second.status == .code(3))
        #expect(second.text.contains("another coordinator writes to \(first.databasePath)"))
        #expect(second.text.contains("--database"))
        #expect(try first.finish() == ["coordinator.stopped 1"])
    }

    @Test func `a database that another program has locked is waited for under a keeper`() throws {
        let coordinator = try RunningCoordinator()
        try coordinator.stop()
        let intruder = try Intruder(coordinator.databasePath) { [:] }
        let refused = try Refused.serve(
            socket: coordinator.socketPath, database: coordinator.databasePath)
        #expect(refused.status == .code(7))
        #expect(refused.text.contains("locked"))
        try intruder.leave()
        try coordinator.start()
        _ = try coordinator.finish()
    }

    @Test func `a link to a database is no other database`() throws {
        let first = try RunningCoordinator()
        let (near, far) = (first.scratch["near.db"], first.scratch["far.db"])
        #expect(Programs.run("/bin/ln", ["-s", "registry.db", near]) == .code(0))
        #expect(Programs.run("/bin/ln", ["-s", near, far]) == .code(0))
        let second = try Refused.serve(socket: first.scratch["other.sock"], database: far)
        #expect(second.status == .code(3))
        #expect(second.text.contains("another coordinator writes to \(first.databasePath)"))
        #expect(try SystemFiles.facts(of: far + ".lock") == nil)
        #expect(try first.finish() == ["coordinator.stopped 1"])
    }

    @Test func `the socket file of a coordinator that was killed is taken over`() throws {
        let coordinator = try RunningCoordinator()
        try coordinator.kill()
        #expect(try SystemFiles.facts(of: coordinator.socketPath) != nil)
        try coordinator.start()
        let status = try coordinator.status()
        #expect(status["epoch"] == "2")
    }

    @Test func `a file in the place of the socket is left alone`() throws {
        let scratch = try Scratch()
        try SystemFiles.writeFileExclusively(scratch["socket"], [1, 2, 3], mode: 0o600)
        let refused = try Refused.serve(socket: scratch["socket"], database: scratch["db"])
        #expect(refused.status == .code(3))
        #expect(refused.text.contains(scratch["socket"]))
        #expect(try SystemFiles.readFile(scratch["socket"], limit: 100) == [1, 2, 3])
    }

    enum Foreign: CaseIterable {
        case garbage, otherProgram, newerSchema, editedMigration
    }

    @Test(arguments: Foreign.allCases)
    func `a database that is not ours is refused, and not a byte of it changes`(
        _ kind: Foreign
    ) throws {
        let scratch = try Scratch()
        let path = scratch["registry.db"]
        let (status, phrase): (Int32, String)
        switch kind {
        case .garbage:
            let bytes = [UInt8](repeating: 0x2a, count: 8192)
            try SystemFiles.writeFileExclusively(path, bytes, mode: 0o600)
            (status, phrase) = (3, "is not a Baton database")
        case .otherProgram:
            try Self.change(path, "CREATE TABLE album (title TEXT)")
            (status, phrase) = (3, "is not a Baton database")
        case .newerSchema:
            try Self.makeLog(path)
            try Self.change(path, "PRAGMA user_version = 99")
            (status, phrase) = (3, "has schema 99")
        case .editedMigration:
            try Self.makeLog(path)
            try Self.change(path, "UPDATE migration SET sha256 = 'edited' WHERE number = 1")
            (status, phrase) = (4, "migration 1")
        }
        let before = try Self.contents(path)
        let refused = try Refused.serve(socket: scratch["socket"], database: path)
        #expect(refused.status == .code(status))
        #expect(refused.text.contains(phrase))
        #expect(try Self.contents(path) == before)
        #expect(try SystemFiles.facts(of: scratch["socket"]) == nil)
    }

    @Test(
        .enabled(if: HostFacts.effectiveUID() == 0, "another user needs root"),
        arguments: ["the database", "its directory"])
    func `a user who may not write is told so`(_ what: String) throws {
        let scratch = try Scratch()
        try Syscalls.setMode(path: scratch.path, 0o777)
        let directory = scratch["state"]
        try SystemFiles.makeDirectories(directory, mode: 0o755)
        let path = "\(directory)/registry.db"
        if what == "the database" {
            try Self.makeLog(path)
            // It may make files beside the database, and may not touch the database itself.
            for name in [".lock", ".key"] { try SystemFiles.remove(path + name) }
            try Syscalls.setMode(path: directory, 0o777)
            try Syscalls.setMode(path: path, 0o600)
        }
        let before = try Self.contents(path)
        let refused = try Refused.serve(
            socket: scratch["socket"], database: path, uid: PermissionTests.otherUID)
        #expect(refused.status == .code(3))
        #expect(refused.text.contains(path))
        #expect(refused.text.contains("this user may read and write it"))
        #expect(try Self.contents(path) == before)
    }

    @Test(arguments: [".key", ".signing-key"], [0o666, 0o640, 0o620])
    func `a key that others may read or change is refused`(_ key: String, _ mode: UInt32) throws {
        let scratch = try Scratch()
        let path = scratch["registry.db"]
        try Self.makeLog(path)
        try Syscalls.setMode(path: path + key, mode)
        let refused = try Refused.serve(socket: scratch["socket"], database: path)
        #expect(refused.status == .code(3))
        #expect(refused.text.contains("others than its owner may read or change"))
        #expect(refused.text.contains("key \(path)\(key)"))
        #expect(refused.text.contains("chmod 600 it"))
    }

    @Test(
        .enabled(if: HostFacts.effectiveUID() == 0, "another user needs root"),
        arguments: [".key", ".signing-key"])
    func `a key of another user is refused, and one of root's is taken`(_ key: String) throws {
        let scratch = try Scratch()
        let path = scratch["registry.db"]
        try Self.makeLog(path)
        let other = "\(PermissionTests.otherUID)"
        #expect(Programs.run("/bin/chown", [other, path + key]) == .code(0))
        let refused = try Refused.serve(socket: scratch["socket"], database: path)
        #expect(refused.status == .code(3))
        #expect(refused.text.contains("key \(path)\(key) is another user's, uid \(other)"))
        #expect(refused.text.contains("chown it to root or to uid 0"))
        #expect(Programs.run("/bin/chown", ["0", path + key]) == .code(0))
        try Self.makeLog(path)
    }

    /// A log with its first events.
    private static func makeLog(_ path: String) throws {
        let scratch = try Scratch()
        let child = try Child(try Refused.plan(socket: scratch["socket"], database: path))
        try Waiting.until("it listens") { try SystemFiles.facts(of: scratch["socket"]) != nil }
        try child.kill(Signals.terminate)
        #expect(try child.reap("the coordinator") == .code(0))
    }

    private static func change(_ path: String, _ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: sql)
            _ = try db.checkpoint(.truncate)
        }
        try queue.close()
    }

    /// Of the database and of its write-ahead log; nil for a file that is not there.
    private static func contents(_ path: String) throws -> [[UInt8]?] {
        try [path, path + "-wal"].map { path in
            guard try SystemFiles.facts(of: path) != nil else { return nil }
            return try SystemFiles.readFile(path, limit: 1 << 24)
        }
    }
}

/// A coordinator that is not to start.
struct Refused {
    let status: Transport.ExitStatus?
    /// What it said on standard error.
    let text: String

    static func plan(socket: String, database: String, uid: UInt32? = nil) throws -> ChildPlan {
        let all =
            (uid.map { Programs.asUser($0) } ?? []) + [
                try Programs.built("baton"), "serve", "--socket", socket, "--database", database,
                "--log-level", "error",
            ]
        var plan = ChildPlan(path: all[0], arguments: all)
        plan.standardInput = .discarded
        return plan
    }

    static func serve(
        socket: String, database: String, uid: UInt32? = nil, _ more: [String] = []
    ) throws -> Refused {
        var plan = try plan(socket: socket, database: database, uid: uid)
        plan.arguments += more
        return try start(plan)
    }

    static func start(_ plan: ChildPlan) throws -> Refused {
        var plan = plan
        plan.standardError = .piped
        let child = try Child(plan)
        let status = try child.reap("the coordinator")
        let text = try child.errorText()
        return Refused(status: status, text: text)
    }
}
