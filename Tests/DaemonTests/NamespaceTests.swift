import Registry
import Testing

@testable import Transport

/// Clients in a PID namespace of their own, where the numbers are others than the coordinator's.
@Suite(.enabled(if: PIDNamespace.isPossible, "a PID namespace needs root"))
struct NamespaceTests {
    @Test func `a process in a namespace hands to another by pidfd and by its own number`() throws {
        let coordinator = try RunningCoordinator()
        let namespace = try PIDNamespace()
        func peer(_ name: String) throws -> PeerProcess {
            try PeerProcess(
                name, socketPath: coordinator.socketPath, launcher: namespace.launcher)
        }
        let (source, target) = (try peer("source"), try peer("target"))
        let number = try #require(Int32(try target.perform("pid")))
        try source.perform("pair s far stream")
        try target.perform("open t \(try source.perform("duplicate s \(number) by=pidfd"))")
        // A process of the host has this number as well, and is not meant.
        #expect(number < 100)
        let answer = try source.ask("duplicate far \(number)")
        let version = KernelFeatures.probe()
        if version.pidfdExitInfo {
            // Linux 6.15 and newer translate it.
            #expect(answer.hasPrefix("ok "), "\(answer)")
            try target.perform("open u \(answer.dropFirst(3))")
        } else {
            #expect(answer.hasPrefix("ok ") || answer == "refused foreign process, 10022")
        }
        try source.expect("no such process, 10022", "duplicate far 99999")
        let targets = try coordinator.events().compactMap { event -> UInt64? in
            guard case .handoffIssued(let issued) = event.content else { return nil }
            return issued.target
        }
        #expect(Set(targets).count == 1)
        try source.end()
        try target.end()
        _ = try coordinator.finish()
    }

    @Test func `a number that cannot be translated is refused with that reason`() throws {
        // The coordinator of an ordinary user may not ask for the namespace of root's processes.
        let coordinator = try RunningCoordinator(
            ["--socket-mode", "666"], launcher: Programs.asUser(PermissionTests.otherUID),
            mode: 0o777)
        let namespace = try PIDNamespace()
        let source = try PeerProcess(
            "source", socketPath: coordinator.socketPath, launcher: namespace.launcher)
        let own = try source.perform("pid")
        try source.perform("pair s far stream")
        try source.expect("foreign process, 10022", "duplicate s \(own)")
        try source.expect("foreign process, 10022", "duplicate s 1")
        // A pidfd says which process is meant, whatever its number.
        let record = try source.perform("duplicate s \(own) by=pidfd")
        try source.perform("open t \(record)")
        let story = try coordinator.story()
        #expect(story.count { $0.hasSuffix("foreign process") } == 2)
        try source.end()
    }
}

/// The coordinator as an ordinary user, who sees less.
@Suite(.enabled(if: HostFacts.effectiveUID() == 0, "other users need root"))
struct UnprivilegedTests {
    @Test func `an ordinary user's coordinator serves, and says what it cannot see`() throws {
        let coordinator = try RunningCoordinator(
            ["--socket-mode", "666"], launcher: Programs.asUser(PermissionTests.otherUID),
            mode: 0o777)
        let own = PermissionTests.otherUID
        let source = try coordinator.peer("source", uid: own)
        let target = try coordinator.peer("target", uid: own)
        try source.perform("start")
        try target.perform("start")
        try source.perform("listen s 127.0.0.1:0 stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        // Root's processes are served too, and their executables stay unknown.
        let root = try coordinator.peer("root")
        try root.perform("listen s 127.0.0.1:0 stream")
        try root.perform("open t \(try root.perform("duplicate s \(root.pid)"))")
        let identities = try coordinator.events().compactMap { event -> ProcessIdentity? in
            guard case .processSeen(let identity) = event.content else { return nil }
            return identity
        }
        #expect(identities.first { $0.effectiveUID == own }?.executable != nil)
        let seen = try #require(identities.first { $0.effectiveUID == 0 })
        #expect(seen.executable == nil)
        #expect(seen.pidNamespace == nil)
        #expect(try coordinator.status()["unseen"] == "descriptors,executables,pid_namespaces")
        _ = try coordinator.finish()
    }

    @Test func `root's coordinator sees all`() throws {
        let coordinator = try RunningCoordinator()
        #expect(try coordinator.status()["unseen"] == "")
    }
}

/// The coordinator in a user namespace, as in a rootless container.
@Suite(.enabled(if: UserNamespace.isPossible, "other users need root"))
struct UserNamespaceTests {
    @Test func `in a user namespace users without an id there are not taken for one`() throws {
        let coordinator = try RunningCoordinator(
            ["--socket-mode", "666"], launcher: UserNamespace.launcher)
        let source = try coordinator.peer("source", uid: 2000)
        let target = try coordinator.peer("target", uid: 3000)
        let root = try coordinator.peer("root")
        for peer in [source, target, root] { try peer.perform("start") }
        try source.perform("pair s far stream")
        try source.expect("not permitted, 10022", "duplicate s \(target.pid)")
        try source.perform("open own \(try source.perform("duplicate s \(source.pid)"))")
        try source.expect("not administrator, 10013", "reconcile")
        try root.perform("pair s far stream")
        let record = try Record(try root.perform("duplicate s \(target.pid)"))
        try source.expect("not owner, 10013", "revoke \(try record.handoff)")
        try target.perform("open t \(record.text)")
        let unseen = try coordinator.status()["unseen"]
        #expect(unseen == "descriptors,executables,pid_namespaces,users")
        let users = try coordinator.events().compactMap { event -> UInt32? in
            guard case .processSeen(let identity) = event.content else { return nil }
            return identity.effectiveUID
        }
        #expect(users == [65_534, 65_534, 0])
    }

    @Test func `a file is explained as a coordinator there would decide by it`() throws {
        let coordinator = try RunningCoordinator(["--socket-mode", "666"])
        let source = try coordinator.peer("source", uid: 2000)
        let target = try coordinator.peer("target", uid: 3000)
        let path = coordinator.scratch["baton.yaml"]
        let text = "rules: [{name: no datagrams, action: deny, kinds: [udp]}]\n"
        try SystemFiles.writeFileExclusively(path, Array(text.utf8), mode: 0o600)
        let command =
            UserNamespace.launcher + [
                try Programs.built("baton"), "policy", "explain", "--configuration", path,
                "--source", "\(source.pid)", "--target", "\(target.pid)",
            ]
        #expect(Programs.run(command[0], Array(command.dropFirst())) == .code(1))
    }
}

/// The coordinator in a namespace of control groups, as in a container.
@Suite(.enabled(if: ControlGroups.isPossible, "control groups need root"))
struct ControlGroupNamespaceTests {
    @Test func `a unit outside of the namespace is not seen, and denied`() throws {
        let groups = ControlGroups()
        let scratch = try Scratch()
        let path = scratch["baton.yaml"]
        let text = """
            rules:
              - {name: no evil, action: deny, source: {unit: \(groups.sibling)}}
              - {name: outside, action: allow, source: {cgroup: /}, target: {cgroup: /}}
              - {name: rest, action: deny}

            """
        try SystemFiles.writeFileExclusively(path, Array(text.utf8), mode: 0o600)
        let coordinator = try RunningCoordinator(
            ["--configuration", path], launcher: groups.launcher(in: groups.own, apart: true))
        #expect(try coordinator.status()["unseen"] == "control_groups")
        let evil = try coordinator.peer("evil", launcher: groups.launcher(in: groups.sibling))
        let root = try coordinator.peer("root", launcher: groups.launcher(in: ""))
        let good = try coordinator.peer(
            "good", launcher: groups.launcher(in: "\(groups.own)/good.service"))
        for peer in [evil, root, good] { try peer.perform("pair s far stream") }
        for peer in [evil, root] {
            try peer.expect("denied by policy, 10022", "duplicate s \(peer.pid)")
        }
        try good.expect("denied by policy, 10022", "duplicate s \(evil.pid)")
        try good.perform("open t \(try good.perform("duplicate s \(good.pid)"))")
        let seen = try coordinator.events().compactMap { event -> String? in
            guard case .processSeen(let identity) = event.content else { return nil }
            return identity.controlGroup.map { String(decoding: $0, as: UTF8.self) } ?? "unseen"
        }
        #expect(Set(seen) == ["unseen", "/good.service"])
        _ = try coordinator.finish()
        groups.remove(["\(groups.own)/good.service", groups.own, groups.sibling])
    }
}

/// Control groups of this run, each named from the root of the version 2 hierarchy.
private struct ControlGroups {
    let own = "baton-test-\(HostFacts.ownPID()).service"
    let sibling = "baton-evil-\(HostFacts.ownPID()).service"

    static let isPossible =
        HostFacts.effectiveUID() == 0
        && Programs.run(
            "/usr/bin/unshare",
            ["--mount", "--cgroup", "/bin/sh", "-c", "mount -t cgroup2 none /mnt"]) == .code(0)

    /// The beginning of a command that runs in a group, which is made where it is missing.
    /// - Parameter apart: whether it gets a namespace whose root that group is.
    func launcher(in group: String, apart: Bool = false) -> [String] {
        let script = """
            mount -t cgroup2 none /mnt && mkdir -p "/mnt/$1" && echo $$ >"/mnt/$1/cgroup.procs" \
                && umount /mnt && shift && exec \(apart ? "unshare --cgroup " : "")"$@"
            """
        return ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, "sh", group]
    }

    func remove(_ groups: [String]) {
        let script = "mount -t cgroup2 none /mnt && cd /mnt && rmdir \"$@\""
        #expect(
            Programs.run(
                "/usr/bin/unshare", ["--mount", "/bin/sh", "-c", script, "sh"] + groups)
                == .code(0))
    }
}

/// A user namespace with an id for root alone.
private enum UserNamespace {
    static let launcher = ["/usr/bin/unshare", "--user", "--map-root-user"]
    static let isPossible =
        HostFacts.effectiveUID() == 0
        && Programs.run(launcher[0], Array(launcher.dropFirst()) + ["/bin/true"]) == .code(0)
}
