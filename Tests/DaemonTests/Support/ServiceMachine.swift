import TestSupport
import Testing

@testable import Transport

/// A systemd of its own, in namespaces of its own, over a copy-on-write view of this host, with the
/// units of Examples installed. Nothing of it is left once nothing refers to it.
final class ServiceMachine {
    static let socketPath = "/run/baton/coordinator.sock"
    private let scratch: Scratch
    private let child: Child
    private let leader: Int32

    /// systemd-nspawn(1)
    private static let script = """
        set -eu
        mkdir "$1/over" "$1/root"
        mount -t tmpfs tmpfs "$1/over"
        mkdir "$1/over/upper" "$1/over/work"
        mount -t overlay overlay \\
            -o "lowerdir=/,upperdir=$1/over/upper,workdir=$1/over/work" "$1/root"
        cp "$2/baton" "$2/baton-test-peer" "$1/root/usr/bin/"
        mkdir -p "$1/root/etc/baton"
        cp "$3/baton.yaml" "$1/root/etc/baton/"
        cp "$3/baton.service" "$3/baton.socket" "$1/root/etc/systemd/system/"
        cp "$3/baton.sysusers.conf" "$1/root/usr/lib/sysusers.d/baton.conf"
        export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
        exec systemd-nspawn --quiet --directory "$1/root" --boot --register=no --keep-unit \\
            --machine=baton-test --private-network
        """

    init() throws {
        scratch = try Scratch()
        let built = try Programs.built("baton").split(separator: "/").dropLast()
        var plan = ChildPlan(
            path: "/usr/bin/unshare",
            arguments: [
                "unshare", "--mount", "/bin/sh", "-c", Self.script, "sh", scratch.path,
                "/" + built.joined(separator: "/"), UnitFileTests.directory,
            ])
        plan.standardInput = .discarded
        plan.standardOutput = .discarded
        plan.standardError = .discarded
        child = try Child(plan)
        let pid = child.pid
        var found: Int32?
        try Waiting.until("systemd begins") {
            let children = String(
                decoding: try SystemFiles.readFile("/proc/\(pid)/task/\(pid)/children", limit: 256),
                as: UTF8.self)
            // Others help to make the namespaces, and end.
            found = children.split(separator: " ").compactMap { Int32($0) }.first { child in
                Programs.run("/bin/grep", ["-qsx", "systemd", "/proc/\(child)/comm"]) == .code(0)
            }
            return found != nil
        }
        leader = try #require(found)
        try Waiting.until("the machine runs") {
            let state = try run("systemctl", "is-system-running").output
            return state == "running\n" || state == "degraded\n"
        }
        try require("systemd-sysusers")
        try require("systemctl", "start", "baton.socket")
    }

    /// systemd-nspawn, when it is killed, leaves its machine running.
    deinit { Programs.run("/bin/kill", ["-KILL", "\(leader)"]) }

    /// The beginning of a command that runs in the machine.
    private var launcher: [String] {
        [
            "nsenter", "--target", "\(leader)", "--all", "env", "-i",
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        ]
    }

    func run(_ command: String...) throws -> Tool { try run(command) }

    private func run(_ command: [String]) throws -> Tool {
        let words = launcher + command
        return try Tool.run(words[0], Array(words.dropFirst()))
    }

    /// A command that must end with 0; what it says.
    @discardableResult
    func require(_ command: String...) throws -> String {
        let tool = try run(command)
        try #require(tool.status == .code(0), "\(command): \(tool.error)")
        return tool.output
    }

    func status() throws -> [String: String] {
        let text = try require("baton", "status", "--socket", Self.socketPath)
        var values: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1)
            let value = words.count > 1 ? words[1].drop { $0 == " " } : ""
            values[String(words[0])] = String(value)
        }
        return values
    }

    /// A process of an ordinary user.
    func peer(_ name: String, group: String) throws -> PeerProcess {
        try PeerProcess(
            name, socketPath: Self.socketPath,
            launcher: ["/usr/bin/\(launcher[0])"] + launcher.dropFirst() + [
                "setpriv", "--reuid=65534", "--regid=\(group)", "--clear-groups", "/bin/sh", "-c",
                "shift; exec /usr/bin/baton-test-peer \"$@\"", "sh",
            ])
    }
}
