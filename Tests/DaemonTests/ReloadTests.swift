import Journal
import Registry
import TestSupport
import Testing

@testable import Transport

/// SIGHUP, whatever is at the path of the configuration file then.
@Suite struct ReloadTests {
    /// A coordinator that writes its own log into a file, and reads a configuration file.
    private struct Served {
        let scratch: Scratch
        let coordinator: RunningCoordinator

        var path: String { scratch["baton/baton.yaml"] }

        /// - Parameter isNamed: whether the command line names the file; else it is at the usual
        ///   place, which nobody has for himself but an ordinary user.
        init(_ text: String?, isNamed: Bool = true) throws {
            scratch = try Scratch()
            let path = scratch["baton/baton.yaml"]
            try SystemFiles.makeDirectories(scratch["baton"], mode: 0o755)
            try SystemFiles.writeFileExclusively(scratch["log"], [], mode: 0o666)
            if let text {
                try SystemFiles.writeFileExclusively(path, Array(text.utf8), mode: 0o644)
            }
            var launcher = ["/usr/bin/env", "XDG_CONFIG_HOME=\(scratch.path)"]
            if !isNamed, HostFacts.effectiveUID() == 0 {
                launcher = Programs.asUser(65_534) + launcher
            }
            launcher += ["/bin/sh", "-c", "exec \"$@\" 2>>'\(scratch["log"])'", "sh"]
            coordinator = try RunningCoordinator(
                (isNamed ? ["--configuration", path] : []) + ["--log-level", "notice"],
                launcher: launcher, mode: 0o777)
        }

        func write(_ text: String) throws {
            try SystemFiles.writeFileExclusively(path, Array(text.utf8), mode: 0o644)
        }

        /// Sends the signal, and waits until the log's last line says this, and all of it.
        func reload(_ what: String, says text: String) throws {
            try coordinator.signal(Signals.hangUp)
            var last: Substring = ""
            do {
                try Waiting.until("the service's log says so") {
                    let bytes = try SystemFiles.readFile(scratch["log"], limit: 1 << 20)
                    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
                    last = lines.last ?? ""
                    return last.hasSuffix("] \(text)")
                }
            } catch is Overdue {
                Issue.record("\(what): \(last)")
            }
            #expect(try coordinator.status()["pid"] == "\(coordinator.pid)", "\(what)")
        }

        /// How often rules were recorded.
        func changes() throws -> Int {
            try coordinator.events().count { $0.content.kind == .configurationChanged }
        }
    }

    @Test func `what cannot be taken is one sentence in the log, and the old file holds`() throws {
        let served = try Served("rules: [{name: none, action: deny}]\n")
        let path = served.path
        let stays = "the configuration stays as it was: "
        func refused(_ why: String) -> String {
            "\(stays)the configuration \(path) is not taken: \(why); "
                + "correct it, and see baton policy check"
        }
        let empty = refused("is empty; write “rules: []” to have no rules")
        try SystemFiles.remove(path)
        try served.reload(
            "no file",
            says: "\(stays)cannot read the configuration \(path): \(Errno.noEntry); "
                + "name another file with --configuration")
        #expect(Programs.run("/usr/bin/mkfifo", [path]) == .code(0))
        try served.reload("a FIFO", says: refused("is no regular file"))
        try SystemFiles.remove(path)
        try SystemFiles.makeDirectories(path, mode: 0o755)
        // So that the line is not the one before.
        #expect(Programs.run("/usr/bin/truncate", ["-s", "0", served.scratch["log"]]) == .code(0))
        try served.reload("a directory", says: refused("is no regular file"))
        try SystemFiles.removeDirectory(path)
        try served.write(String(repeating: "#", count: 131_073))
        try served.reload("too much", says: refused("has more than 131072 bytes"))
        try SystemFiles.remove(path)
        try served.write("")
        try served.reload("a truncated file", says: empty)
        try SystemFiles.remove(path)
        try served.write("rules:\n  - {name: x, action: perhaps}\n")
        try served.reload(
            "a bad value",
            says: refused(
                "line 2: rules[1].action: must be one of allow, deny, and is perhaps"))
        #expect(try served.changes() == 1)
        try SystemFiles.remove(path)
        try served.write("rules: []\n")
        try served.coordinator.signal(Signals.hangUp)
        try Waiting.until("no rules are an event") { try served.changes() == 2 }
        try served.coordinator.stop()
    }

    @Test func `grade and least free space change with an event, as all else`() throws {
        let served = try Served("grade: number\nminimum_free_bytes: 1\n")
        func recorded() throws -> [Rules] {
            try served.coordinator.events().compactMap { event in
                guard case .configurationChanged(_, let content) = event.content else { return nil }
                return Rules(text: content)
            }
        }
        try SystemFiles.remove(served.path)
        try served.write("grade: held\nminimum_free_bytes: 1\n")
        try served.coordinator.signal(Signals.hangUp)
        try Waiting.until("the grade is an event") { try served.changes() == 2 }
        try SystemFiles.remove(served.path)
        try served.write("grade: held\nminimum_free_bytes: 2\n")
        try served.coordinator.signal(Signals.hangUp)
        try Waiting.until("the free space is an event") { try served.changes() == 3 }
        try served.reload("the same", says: "the configuration was read again: the same rules")
        #expect(try recorded().map(\.minimumGrade) == [.number, .held, .held])
        #expect(try recorded().map(\.minimumFreeBytes) == [1, 1, 2])
        try served.coordinator.stop()
    }

    @Test func `a file that comes later to the usual place is read`() throws {
        let served = try Served(nil, isNamed: false)
        let before = try served.changes()
        try served.reload("none", says: "there is no configuration file to read again")
        #expect(try served.changes() == before)
        try served.write("limits: {handoffs: 77}\n")
        try served.coordinator.signal(Signals.hangUp)
        try Waiting.until("the file is read") { try served.changes() == before + 1 }
        try SystemFiles.remove(served.path)
        try served.reload("gone", says: "there is no configuration file to read again")
        #expect(try served.changes() == before + 1)
        try served.coordinator.stop()
    }

    @Test(arguments: [true, false])
    func `without a file a hang-up ends nobody, and what is in escrow stays`(keeper: Bool) throws {
        let coordinator = try RunningCoordinator(["--no-configuration"], keeper: keeper)
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("pair s far stream")
        let record = try source.perform("duplicate s \(target.pid)")
        let pid = try #require(Int32(try coordinator.status()["pid"] ?? ""))
        try coordinator.signal(Signals.hangUp)
        try ProcessHandle(pid: pid).signal(Signals.hangUp)
        try target.perform("open t \(record)")
        #expect(try coordinator.status()["pid"] == "\(pid)")
        let story = try coordinator.finish()
        #expect(story.last == "coordinator.stopped 1")
        #expect(!story.contains { $0.hasPrefix("coordinator.started") })
    }
}
