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
        _ kind: SocketKinds, from source: ProcessIdentity, to target: ProcessIdentity,
        seen sight: CoordinatorSight? = CoordinatorSight(uid: 0, unseen: [])
    ) -> PolicyExplanation {
        PolicyExplanation(policy: policy, source: source, target: target, kind: kind, sight: sight)
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
                #"{"allowed":false,"seen_by":"coordinator","rule":"hidden","rules":[{"name":"no d"#
            ),
            "\(hidden.json)")
    }

    @Test func `what the coordinator cannot see counts as not seen`() {
        let worker = process(uid: 6, exe: "/bin/worker")
        func last(_ sight: CoordinatorSight?) -> String? {
            explain(.tcp, from: process(uid: 6, exe: "/bin/a"), to: worker, seen: sight).lines.last
        }
        let blind = ["descriptors", "executables"]
        #expect(last(CoordinatorSight(uid: 5, unseen: blind)) == "denied by rule hidden")
        #expect(last(CoordinatorSight(uid: nil, unseen: blind)) == "denied by rule hidden")
        // Its own user's processes it sees.
        #expect(last(CoordinatorSight(uid: 6, unseen: blind)) == "allowed by rule workers")
        #expect(last(CoordinatorSight(uid: 5, unseen: [])) == "allowed by rule workers")
        let groups = CoordinatorSight(uid: 5, unseen: ["control_groups"])
        let explained = explain(.tcp, from: worker, to: worker, seen: groups).lines
        #expect(explained[1] == "units: does not match: source.unit is not to be seen")
        var within = groups
        within.isOnHost = false
        let same = explain(.tcp, from: worker, to: worker, seen: within).lines
        #expect(same[1] == "units: does not match: source.unit is a.service")
        let unasked = explain(.tcp, from: worker, to: worker, seen: nil)
        #expect(unasked.lines.first == "no coordinator was asked: by what this user can see")
        #expect(unasked.json.description.contains(#""seen_by":"user""#))
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
