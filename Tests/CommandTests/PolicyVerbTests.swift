import Journal
import Registry
import Testing

@testable import baton

/// What `baton policy` says.
struct PolicyVerbTests {
    private func process(uid: UInt32, exe: String?) -> ProcessIdentity {
        ProcessIdentity(
            pid: 1, instance: 1, start: 1, uid: uid, gid: uid, effectiveUID: uid,
            executable: exe.map { Array($0.utf8) }, controlGroup: Array("/x.slice/a.service".utf8))
    }

    private let policy = Policy(rules: [
        Policy.Rule(text: "deny name=no%20datagrams kinds=udp"),
        Policy.Rule(text: "allow name=units source.unit=b.service"),
        Policy.Rule(text: "allow name=workers target.exe=/bin/worker"),
        Policy.Rule(text: "deny name=hidden target.exe=/bin/spy"),
    ])

    private func explain(
        _ kind: SocketKinds, from source: ProcessIdentity, to target: ProcessIdentity
    ) -> PolicyExplanation {
        PolicyExplanation(policy: policy, source: source, target: target, kind: kind)
    }

    @Test func `each rule up to the deciding one says why`() {
        let source = process(uid: 5, exe: "/bin/a")
        let udp = explain(.udp, from: source, to: source)
        #expect(udp.lines == ["no datagrams: matches", "denied by rule no datagrams"])
        let worker = explain(.tcp, from: source, to: process(uid: 6, exe: "/bin/worker"))
        #expect(
            worker.lines == [
                "no datagrams: does not match: kinds is tcp",
                "units: does not match: source.unit is a.service",
                "workers: matches", "allowed by rule workers",
            ])
        let hidden = explain(.tcp, from: source, to: process(uid: 5, exe: nil))
        #expect(
            hidden.lines.suffix(3) == [
                "workers: does not match: target.exe is not to be seen",
                "hidden: matches, because target.exe is not to be seen",
                "denied by rule hidden",
            ])
        #expect(
            hidden.json.description.hasPrefix(
                #"{"allowed":false,"rule":"hidden","rules":[{"name":"no datagrams","matches":false"#
            ),
            "\(hidden.json)")
    }

    @Test func `without a rule the default decides`() {
        let (five, six) = (process(uid: 5, exe: "/a"), process(uid: 6, exe: "/a"))
        #expect(
            explain(.tcp, from: five, to: six).lines.last
                == "denied without a rule: another user, and the source is not root")
        #expect(
            explain(.tcp, from: process(uid: 0, exe: "/a"), to: six).lines.last
                == "allowed without a rule: same user, or the source is root")
    }
}
