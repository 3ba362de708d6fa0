import Registry
import TestSupport
import Testing

@testable import Configuration

/// What is written is read as it was.
struct ConfigurationTextTests {
    /// The same file for the same seed.
    private struct Generator: RandomNumberGenerator {
        var numbers: SeededGenerator

        mutating func next() -> UInt64 { numbers.next() }

        /// Characters that mean something to YAML, to the log, to neither, and of other scripts.
        mutating func text(_ count: ClosedRange<Int>) -> String {
            let characters = Array("ab9 -:#{}[],&!|>'\"%@`\\~?=\t\n\u{7f}\u{85}é漢😀")
            return String(
                (0..<Int.random(in: count, using: &self)).map { _ in
                    characters.randomElement(using: &self) ?? "a"
                })
        }

        mutating func pattern(_ prefix: String) throws -> NamePattern {
            let star = Bool.random(using: &self) ? "*" : ""
            return try #require(NamePattern(Array("\(prefix)\(text(1...9))\(star)x".utf8)))
        }

        mutating func some<T>(_ make: (inout Generator) throws -> T) rethrows -> [T] {
            guard Bool.random(using: &self) else { return [] }
            return try (0..<Int.random(in: 1...4, using: &self)).map { _ in try make(&self) }
        }

        mutating func side() throws -> ProcessPattern {
            var side = ProcessPattern()
            side.uids = some { UInt32.random(in: 0..<UInt32.max, using: &$0) }
            side.gids = some { UInt32.random(in: 0...70_000, using: &$0) }
            side.executables = try some { try $0.pattern("/") }
            side.controlGroups = some { Array("/\($0.text(1...9))x".utf8) }
            side.units = try some { try $0.pattern("") }
            return side
        }

        mutating func file() throws -> ConfigurationFile {
            var file = ConfigurationFile()
            file.rules.isStrict = Bool.random(using: &self)
            file.rules.minimumGrade = Grade.allCases.randomElement(using: &self)
            file.rules.minimumFreeBytes = Bool.random(using: &self) ? 0 : nil
            for (_, path) in Rules.numbers where Bool.random(using: &self) {
                file.rules[keyPath: path] = Int.random(in: 1...1_048_576, using: &self)
            }
            let rules = try (0..<Int.random(in: 0...5, using: &self)).map { number in
                Policy.Rule(
                    name: "\(number)\(text(0...9))", allows: Bool.random(using: &self),
                    source: try side(), target: try side(),
                    kinds: SocketKinds(rawValue: .random(in: 1...511, using: &self)))
            }
            file.rules.policy = Policy(rules: rules)
            return file
        }
    }

    @Test(arguments: 1...300 as ClosedRange<UInt64>)
    func `a random configuration is read as it was written`(_ seed: UInt64) throws {
        var generator = Generator(numbers: SeededGenerator(seed: seed))
        let file = try generator.file()
        let text = try file.yaml()
        #expect(try ConfigurationFile(yaml: Array(text.utf8)) == file, "seed \(seed):\n\(text)")
    }

    @Test func `what the kernel tells is not written`() throws {
        var file = ConfigurationFile()
        file.rules.policy.unmapped.user = 65_534
        file.rules.keepsEvidence = false
        #expect(try file.yaml() == "strict: false\n")
    }

    @Test func `what no file can say is refused`() throws {
        func error(_ change: (inout ConfigurationFile) -> Void) -> String {
            var file = ConfigurationFile()
            change(&file)
            do {
                return "written: \(try file.yaml())"
            } catch {
                return error.message
            }
        }
        #expect(error { $0.rules.limits.handoffs = 0 }.hasPrefix("must be an integer"))
        var bytes = ProcessPattern()
        bytes.controlGroups = [[0x2f, 0xff]]
        let rule = Policy.Rule(name: "a", allows: true, source: bytes)
        #expect(
            error { $0.rules.policy = Policy(rules: [rule]) }
                == "has a name or path that is not UTF-8")
        let same = Policy.Rule(name: "a", allows: true)
        #expect(
            error { $0.rules.policy = Policy(rules: [same, same]) }.hasPrefix("another rule"))
        #expect(
            error { $0.rules.policy = Policy(rules: [Policy.Rule(name: "", allows: true)]) }
                .hasPrefix("must be a text"))
    }
}
