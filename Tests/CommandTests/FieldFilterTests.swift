import ArgumentParser
import Journal
import Registry
import Testing
import Transport
import Winsock

@testable import baton

@Suite("Fields of history: each by its option, as FIELD=VALUE, and excluded")
struct FieldFilterTests {
    /// Two processes in two boots, a handoff in each, and a refusal.
    private func log() throws -> SampleLog {
        func process(_ pid: Int32, start: UInt64, login: UInt32?, group: String?) -> Event.Content {
            .processSeen(
                ProcessIdentity(
                    pid: pid, instance: UInt64(pid), start: start, uid: 1000, gid: 1000,
                    effectiveUID: 1000, loginUID: login, executable: Array("/usr/bin/p".utf8),
                    controlGroup: group.map { Array($0.utf8) }))
        }
        func boot(_ digit: String) -> Event.Content {
            .bootObserved(
                Event.Boot(
                    id: "\(digit)0000000-0000-4000-8000-000000000000", kernel: "6.12.0",
                    features: [], grade: .instance))
        }
        func issued(_ from: UInt64, _ to: UInt64, _ socket: UInt64) -> Event.Content {
            .handoffIssued(
                Event.Issued(
                    actor: from, target: to, socket: socket, form: .wide, catalog: 1001,
                    family: 2, type: 1, protocolNumber: 6, services: 0x20066, flags: 1,
                    lifetime: nil, request: RequestID(nonce: 1, counter: from, watermark: 0)))
        }
        let socket = Event.Content.socketSeen(
            SocketIdentity(
                cookie: 1, inode: 2, family: 2, type: 1, protocolNumber: 6, local: nil,
                remote: nil))
        return try SampleLog([
            .logOpened(Event.LogIdentity(origin: "o", program: "p", schema: 1)), boot("a"),
            process(10, start: 100, login: 1001, group: "/system.slice/web.service/worker"),
            process(11, start: 110, login: nil, group: "/system.slice/db.service"), socket,
            issued(2, 3, 4), .handoffExpired(handoff: 5), boot("a"), boot("b"),
            process(12, start: 100, login: 1002, group: nil), issued(9, 9, 4),
            .handoffVoided(handoff: 10, reason: .targetExited), boot("c"),
            .clockStepped(by: 1),
        ])
    }

    private func found(_ log: SampleLog, _ arguments: [String]) throws -> [Int] {
        let filters = try HistoryFilters.parse(BootArgument.completed(arguments))
        let query = try filters.query(in: log.reader())
        return try numbers(log) { $0 = query }
    }

    @Test(
        "each field finds its events, and excludes them",
        arguments: [
            ("pid", "10", [2, 5, 6]), ("start", "100", [2, 5, 6, 9, 10, 11]),
            ("uid", "1000", [2, 3, 5, 6, 9, 10, 11]), ("loginuid", "1002", [9, 10, 11]),
            ("exe", "p", [2, 3, 5, 6, 9, 10, 11]), ("cgroup", "web.service", [2, 5, 6]),
            ("cgroup", "/system.slice", [2, 3, 5, 6]), ("cgroup", "/system.slice/db", []),
            ("cgroup", "/system.slice/db.service/", [3, 5, 6]), ("cgroup", "slice", []),
            ("handoff", "5", [5, 6]), ("socket", "4", [4, 5, 6, 10, 11]),
            ("event", "handoff.voided", [11]), ("outcome", "failed", [6, 11]),
            ("reason", "target-exited", [11]), ("boot", "0", [12, 13]),
            ("boot", "-1", [8, 9, 10, 11]), ("boot", "-2", [0, 1, 2, 3, 4, 5, 6, 7]),
            ("boot", "B0000000000040008000000000000000", [8, 9, 10, 11]),
        ])
    func fields(field: String, value: String, expected: [Int]) throws {
        let log = try log()
        let others = (0..<14).filter { !expected.contains($0) }
        #expect(try found(log, ["--\(field)", value]) == expected)
        #expect(try found(log, ["\(field)=\(value)"]) == expected)
        #expect(try found(log, ["--not-\(field)", value]) == others)
        #expect(try found(log, ["\(field)!=\(value)"]) == others)
        // Backwards, and the newest, find the same.
        let query = try HistoryFilters.parse(["\(field)!=\(value)"]).query(in: log.reader())
        #expect(try numbers(log, isReversed: true) { $0 = query } == others.reversed())
        #expect(try numbers(log, count: 2) { $0 = query } == others.suffix(2))
    }

    @Test("every field of the table has an option, its opposite and a term")
    func names() throws {
        let help = HistoryFilters.helpMessage(includeHidden: true)
        for field in FilterField.allCases {
            #expect(help.contains("--\(field.rawValue) "))
            #expect(help.contains("--not-\(field.rawValue) "))
            #expect(!HistoryFilters.helpMessage().contains("--not-\(field.rawValue) "))
        }
    }

    @Test("repeats mean or, different fields and, and one excluded value is enough")
    func combinations() throws {
        let log = try log()
        #expect(try found(log, ["pid=10", "--pid", "12", "outcome=accepted"]) == [5, 10])
        #expect(try found(log, ["boot=-1", "boot=0", "event!=boot.observed"]) == [9, 10, 11, 13])
        #expect(
            try found(log, ["--uid", "1000", "--not-pid", "10", "--not-outcome", "accepted"])
                == [3, 9, 11])
        #expect(try found(log, ["pid=10", "pid!=10"]) == [])
        #expect(try found(log, ["boot=-1", "boot!=-1"]) == [])
        #expect(try found(log, ["--boot", "--seq", "0..13"]) == [12])
    }

    @Test("--boot alone is the newest, and takes no other argument for its value")
    func bootAlone() {
        let completed = BootArgument.completed
        #expect(completed(["history", "--boot"]) == ["history", "--boot=0"])
        #expect(completed(["--boot", "pid=4"]) == ["--boot=0", "pid=4"])
        #expect(completed(["--boot", "-n", "4"]) == ["--boot=0", "-n", "4"])
        #expect(completed(["--boot", "-1"]) == ["--boot", "-1"])
        #expect(completed(["redeem", "--", "x", "--boot"]) == ["redeem", "--", "x", "--boot"])
    }

    @Test(
        "what is no filter is refused, and says what there is",
        arguments: [
            ("pid", "FIELD=VALUE"), ("host=x", "cgroup"), ("pid=x", "process id"),
            ("=4", "FIELD=VALUE"), ("exe=", "path"), ("boot=1", "id of a boot"),
            ("socket=/run/x", "number of a socket"), ("reason=x", "wrong process"),
        ])
    func refused(term: String, hint: String) throws {
        let result = try Program.run(["history", term])
        #expect(result.status == .code(2))
        #expect(result.error.contains(hint))
    }

    @Test("a boot that the log has not seen is named in the answer")
    func unknownBoot() throws {
        let log = try log()
        for boot in ["-3", "f0000000-0000-4000-8000-000000000000"] {
            let error = #expect(throws: CommandFailure.self) { try found(log, ["--boot", boot]) }
            #expect(error?.status == .usage)
            #expect(error?.hint?.contains("boot.observed") == true)
        }
    }
}
