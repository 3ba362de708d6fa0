import Registry
import Testing
import Transport

/// The documents say what there is.
struct DocumentTests {
    private func text(_ path: String) throws -> String {
        try #require(try Repository.file(path), "\(path) is text").text
    }

    private static let documents =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"]
        + Repository.files.map(\.path).filter { $0.hasPrefix("docs/") && $0.hasSuffix(".md") }

    @Test(arguments: documents)
    func `a document is there, with one title`(_ path: String) throws {
        let file = try #require(try Repository.file(path))
        var isCode = false
        let titles = file.lines.filter { line in
            if line.hasPrefix("```") { isCode.toggle() }
            return !isCode && line.hasPrefix("# ")
        }
        #expect(titles.count == 1)
        #expect(file.lines.first?.hasPrefix("# ") == true)
    }

    @Test func `the links between documents lead somewhere`() throws {
        var count = 0
        for file in Repository.files where file.path.hasSuffix(".md") {
            let folder = file.path.split(separator: "/").dropLast().map { "\($0)/" }.joined()
            for piece in file.text.split(separator: "](").dropFirst() {
                let link = piece.prefix { $0 != ")" && $0 != "#" }
                guard !link.isEmpty, !link.contains("://") else { continue }
                count += 1
                let facts = try SystemFiles.facts(of: "\(Repository.root)/\(folder)\(link)")
                #expect(facts != nil, "\(file.path): \(link)")
            }
        }
        #expect(count > 0)
    }

    @Test(arguments: ["demo", "test"])
    func `the commands of the README exist`(_ command: String) throws {
        #expect(try text("README.md").contains("\n./run \(command) "))
        #expect(try text("run").contains("\n\(command))\n"))
    }

    @Test(arguments: ["run", ".ci/run", "Tests/WinsockABITests/headers.sh"])
    func `a script can be run`(_ path: String) throws {
        let facts = try #require(try SystemFiles.facts(of: "\(Repository.root)/\(path)"))
        #expect(facts.mode & 0o111 == 0o111)
        #expect(try text(path).hasPrefix("#!/bin/sh\n"))
    }

    @Test func `each fault has a promise and a test that exists`() throws {
        let tests = Repository.files.filter { $0.path.hasPrefix("Tests/") }.map(\.text)
            .joined(separator: "\n").split(whereSeparator: \.isWhitespace)
            .joined(separator: " ")
        let rows = try text("docs/faults.md").split(separator: "\n").filter {
            $0.hasPrefix("| ") && !$0.hasPrefix("| fault ")
        }
        #expect(!rows.isEmpty)
        for row in rows {
            let names = row.split(separator: "“").dropFirst().map { $0.prefix { $0 != "”" } }
            #expect(!names.isEmpty, "\(row)")
            for name in names { #expect(tests.contains("`\(name)`"), "\(name)") }
        }
    }

    @Test func `the document of the log lists every event and every refusal`() throws {
        let document = try text("docs/log.md")
        for kind in EventKind.allCases {
            #expect(Search.containsName(kind.name, in: document), "\(kind.name)")
        }
        for refusal in Refusal.allCases {
            #expect(Search.containsName(refusal.name, in: document), "\(refusal.name)")
        }
    }
}
