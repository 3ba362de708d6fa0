import Registry
import Testing

@testable import Configuration

struct ConfigurationFileTests {
    private func read(_ text: String) throws -> ConfigurationFile {
        try ConfigurationFile(yaml: Array(text.utf8))
    }

    private func error(_ text: String) -> String {
        do {
            let file = try ConfigurationFile(yaml: Array(text.utf8))
            return "taken: \(file.rules.text)"
        } catch {
            return error.description
        }
    }

    @Test(arguments: ["rules: []", "limits: {}\n", "rules: []\nlimits: {}\n"])
    func `a value without entries changes nothing`(_ text: String) throws {
        let file = try read(text)
        #expect(file == ConfigurationFile())
        #expect(file.rules == Rules())
    }

    @Test(arguments: ["", "\n", "# nothing\n", "---\n", "{}"])
    func `a file without any key is refused, as a truncated one`(_ text: String) {
        #expect(error(text) == "is empty; write “rules: []” to have no rules")
    }

    @Test func `every key is read`() throws {
        let file = try read(
            """
            strict: true
            grade: instance
            minimum_free_bytes: 0
            limits: {handoffs: 10, refusals_per_second: 1048576}
            rules:
              - name: web workers
                action: allow
                source: {unit: nginx.service, uid: 0}
                target: {uid: [33, 34], gid: 5, exe: [/usr/lib/web/*, /bin/x], cgroup: /a/b/}
                kinds: [tcp, tcp-listening]
              - {name: rest, action: deny}
            """)
        #expect(file.rules.minimumGrade == .instance)
        #expect(file.rules.minimumFreeBytes == 0)
        #expect(file.rules.isStrict)
        #expect(file.rules.limits.handoffs == 10)
        #expect(file.rules.admission.refusalsPerSecondOfAll == 1_048_576)
        #expect(
            file.rules.policy.rules.map(\.text) == [
                "allow name=web%20workers source.uid=0 source.unit=nginx.service "
                    + "target.uid=33,34 target.gid=5 target.exe=/usr/lib/web/*,/bin/x "
                    + "target.cgroup=/a/b kinds=tcp,tcp-listening",
                "deny name=rest",
            ])
        #expect(Rules(text: file.rules.text) == file.rules)
    }

    @Test(arguments: [
        ("/a", "/a"), ("/a/", "/a"), ("/a//", "/a"), ("/a/b///", "/a/b"), ("/", "/"), ("//", "/"),
        ("/.a/..b", "/.a/..b"),
    ])
    func `a path is the same with and without slashes at its end`(
        _ written: String, _ path: String
    ) throws {
        let file = try read(
            "rules: [{name: a, action: deny, source: {cgroup: \(written), exe: \(written)}}]")
        let source = try #require(file.rules.policy.rules.first).source
        #expect(source.controlGroups == [Array(path.utf8)])
        #expect(source.executables.map(\.text) == [Array(path.utf8)])
    }

    @Test func `every limit has its key, and bounds`() throws {
        for (name, path) in Rules.numbers {
            #expect(try read("limits: {\(name): 7}").rules[keyPath: path] == 7)
            for wrong in ["0", "-1", "1048577", "07", "1_0", "1.0", "x", "[1]", "''"] {
                #expect(error("limits: {\(name): \(wrong)}").contains("from 1 to 1048576"))
            }
        }
    }

    @Test(arguments: [
        ("strict: yes", "line 1: strict: must be one of true, false, and is yes"),
        ("a: 1", "line 1: there is no key a; strict, grade, minimum_free_bytes, limits, rules are"),
        ("\nlimits:\n  handoff: 1", "line 3: limits: there is no key handoff; handoffs,"),
        ("grade: best", "line 1: grade: must be one of instance, held, number, and is best"),
        ("minimum_free_bytes: -1", "minimum_free_bytes: must be an integer from 0 to"),
        ("- 1", "line 1: must be a mapping with the keys strict"),
        ("rules: x", "line 1: rules: must be a list"),
        ("rules: [x]", "line 1: rules[1]: must be a mapping"),
        ("rules:\n  - action: deny", "line 2: rules[1]: needs a name"),
        ("rules:\n  - name: a", "line 2: rules[1]: needs an action: allow or deny"),
        ("rules: [{name: a, action: no}]", "action: must be one of allow, deny, and is no"),
        ("rules: [{name: '', action: deny}]", "rules[1].name: must be a text, and is empty"),
        (
            "rules:\n - {name: a, action: deny}\n - {name: a, action: deny}",
            "line 3: rules[2]: another rule has the name a"
        ),
        ("rules: [{name: a, action: deny, kinds: [ip]}]", "kinds[1]: must be one of tcp,"),
        ("rules: [{name: a, action: deny, kinds: []}]", "kinds: is empty"),
        ("rules: [{name: a, action: deny, source: {uid: []}}]", "source.uid: is empty"),
        ("rules: [{name: a, action: deny, source: {uid: www-data}}]", "from 0 to 4294967294"),
        ("rules: [{name: a, action: deny, source: {uid: 4294967295}}]", "from 0 to 4294967294"),
        ("rules: [{name: a, action: deny, source: {pid: 1}}]", "there is no key pid; uid, gid"),
        ("rules: [{name: a, action: deny, target: {exe: x}}]", "target.exe: must be an absolute"),
        ("rules: [{name: a, action: deny, target: {exe: /*/*}}]", "may have one *"),
        (
            "rules: [{name: a, action: deny, target: {cgroup: /a//b}}]",
            "line 1: rules[1].target.cgroup: must be a path without //, /./ and /../, and is /a//b"
        ),
        ("rules: [{name: a, action: deny, target: {cgroup: //a}}]", "without //"),
        ("rules: [{name: a, action: deny, target: {cgroup: /a/./b}}]", "without //"),
        ("rules: [{name: a, action: deny, target: {cgroup: /a/.}}]", "without //"),
        ("rules: [{name: a, action: deny, target: {cgroup: /a/../}}]", "without //"),
        ("rules: [{name: a, action: deny, target: {exe: /../x}}]", "without //"),
        ("rules: [{name: a, action: deny, target: {unit: ''}}]", "target.unit: must be a text"),
        ("strict: true\nstrict: false", "has twice the key strict"),
        ("limits: {handoffs: 1, handoffs: 2}", "has twice the key handoffs"),
        ("a: [", "line 2: did not find expected node content"),
        ("strict: \u{0}", "cannot be read as YAML"),
        ("--- 1\n--- 2", "line 2: but found another document"),
        ("rules:", "line 1: rules: has no value"),
        ("strict: true\nlimits:\nrules: []", "line 2: limits: has no value"),
        ("rules:\n  - name: a\n    action: deny\n    source:", "rules[1].source: has no value"),
        ("rules: [{name: a, action: deny, target: }]", "line 1: rules[1].target: has no value"),
        ("rules:\n  -", "line 2: rules[1]: has no value"),
        ("rules: [{name: a, action: deny, kinds: }]", "rules[1].kinds: must be one of"),
        ("strict: *x", "line 1: there are no anchors and aliases"),
        ("rules:\n  - &a {name: a, action: deny}", "line 2: there are no anchors and aliases"),
        ("strict: true\n&a limits: {}", "line 2: there are no anchors and aliases"),
        ("rules: &r\n  - *r", "line 1: there are no anchors and aliases"),
        ("strict: !!bool true", "line 1: there are no tags"),
        ("rules: [{name: a, action: deny, !x action: allow}]", "line 1: there are no tags"),
        ("limits: !x {handoffs: 1}", "line 1: there are no tags"),
        ("rules: ! []", "line 1: there are no tags"),
        ("? [a]\n: 1", "line 1: there is no key that is no text"),
        ("strict: true\n? {a: 1}\n: 1", "line 2: there is no key that is no text"),
        ("rules: [{[a]: 1}]", "line 1: there is no key that is no text"),
        ("rules:\n  - name: a\n    ? - b\n    : 1", "line 3: there is no key that is no text"),
    ])
    func `what is wrong is named, with its line`(_ text: String, _ expected: String) {
        let error = error(text)
        #expect(error.contains(expected), "\(error)")
    }

    /// Each level names the one before it twice: as a key of its own, as a key in a key, and as a
    /// list in a key. One that is not refused at once is not done in this century.
    @Test(arguments: ["? %\n: 1\n", "? {? %\n : 1}\n: 1\n", "? [%]\n: 1\n"])
    func `aliases to aliases cost nothing`(_ line: String) {
        let levels = ["&a0 [x, x]"] + (1..<34).map { "&a\($0) [*a\($0 - 1), *a\($0 - 1)]" }
        let text = levels.map { line.replacing("%", with: $0) }.joined()
        #expect(error(text) == "line 1: there is no key that is no text")
        // As values they are refused before the first of them is looked up.
        let values = "rules:\n" + levels.map { "  - \($0)\n" }.joined()
        #expect(error(values).hasPrefix("line 2: there are no anchors and aliases"))
    }

    @Test func `a text may have what anchors, aliases and tags begin with`() throws {
        let file = try read(
            """
            # &a *a !a, and [*a]: *a
            rules:
              - name: R &D *x !y  # *a
                action: deny
                source: {exe: /opt/*/x, unit: "*.service"}
              - {name: '&a: *a', action: deny, target: {unit: ['*a', "!b"]}}
              - name: |-
                  &b *b
                action: deny
            """)
        let rules = file.rules.policy.rules
        #expect(rules.map(\.name) == ["R &D *x !y", "&a: *a", "&b *b"])
        #expect(rules[0].source.executables.map(\.text) == [Array("/opt/*/x".utf8)])
        #expect(rules[0].source.units.map(\.text) == [Array("*.service".utf8)])
        #expect(rules[1].target.units.map(\.text) == [Array("*a".utf8), Array("!b".utf8)])
    }

    @Test func `a file has bounds`() {
        let rules = (0...256).map { "- {name: r\($0), action: deny}" }
        #expect(error("rules:\n" + rules.joined(separator: "\n")).contains("more than 256"))
        let uids = (0...64).map { "\($0)" }.joined(separator: ",")
        #expect(
            error("rules: [{name: a, action: deny, source: {uid: [\(uids)]}}]")
                .contains("more than 64"))
        let name = String(repeating: "n", count: 65)
        #expect(error("rules: [{name: \(name), action: deny}]").contains("more than 64 bytes"))
        #expect(
            error(String(repeating: "#", count: 131_073)).contains("more than 131072 bytes"))
        let long = (0..<200).map {
            "- {name: r\($0), action: deny, source: {exe: /\(String(repeating: "x", count: 400))}}"
        }
        #expect(
            error("rules:\n" + long.joined(separator: "\n")).contains("at most 65536 are"))
        #expect(error(String(repeating: "[", count: 100_000)).contains("nesting"))
    }
}
