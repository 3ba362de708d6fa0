import Testing
import Transport

/// The size and the wording of the code.
struct StyleTests {
    @Test func `there is code to look at`() {
        #expect(Repository.code.count > 150)
        #expect(Repository.files.contains { $0.path == "README.md" })
    }

    @Test func `a file has fewer than 400 lines`() {
        for file in Repository.code { #expect(file.lines.count < 400, "\(file.path)") }
    }

    @Test func `a line has at most 100 columns`() {
        for file in Repository.code {
            for (number, line) in zip(1..., file.lines) where line.utf8.count > 100 {
                #expect(line.count <= 100, "\(file.path):\(number)")
            }
        }
    }

    @Test func `a function has fewer than 70 lines`() {
        var count = 0
        for file in Repository.code where !file.path.hasSuffix(".sql") {
            for function in Functions.all(of: file) {
                count += 1
                #expect(function.lineCount < 70, "\(file.path):\(function.line)")
            }
        }
        #expect(count > 1000, "functions are found at all")
    }

    @Test func `the length of a function is counted with its first and last line`() {
        let text = """
            struct S {
                func one() -> Int { 1 }
                func two(
                    a: Int
                ) -> Int {
                    if true {
                        a
                    }
                }
                var three: Int {
                    3
                }
            }
            """
        let file = Repository.File(path: "S.swift", text: text, lines: text.split(separator: "\n"))
        #expect(Functions.all(of: file).map(\.line) == [2, 3, 10])
        #expect(Functions.all(of: file).map(\.lineCount) == [1, 7, 3])
    }

    @Test(arguments: ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"])
    func `nothing is left for later`(_ word: String) {
        for file in Repository.files {
            for (number, line) in zip(1..., file.lines) where Search.containsName(word, in: line) {
                Issue.record("\(file.path):\(number)")
            }
        }
    }

    @Test func `no error is dropped`() {
        let words = ["try" + "?", "try" + "!"]
        for file in Repository.code where file.isSwift {
            for (number, line) in file.code {
                for word in words {
                    let offsets = Search.offsets(of: word, in: line)
                    let text = Array(line.utf8)
                    let isWord = offsets.contains { $0 == 0 || !Search.isOfName(text[$0 - 1]) }
                    #expect(!isWord, "\(file.path):\(number)")
                }
            }
            for (number, pair) in zip(1..., zip(file.lines, file.lines.dropFirst())) {
                let isEmpty =
                    pair.0.hasSuffix("catch" + " {}")
                    || pair.0.hasSuffix("catch" + " {") && pair.1.drop { $0 == " " } == "}"
                #expect(!isEmpty, "\(file.path):\(number)")
            }
        }
    }

    @Test(arguments: [".disabled" + "(", "#expect(" + "true)", "#expect(" + "Bool(true))"])
    func `no test is switched off, and none passes by itself`(_ word: String) {
        for file in Repository.code where file.path.hasPrefix("Tests/") {
            for (number, line) in zip(1..., file.lines) where Search.contains(word, in: line) {
                Issue.record("\(file.path):\(number)")
            }
        }
    }

    /// A user's name of one letter is an example's.
    @Test func `no file names a place on somebody's machine`() {
        let places = ["/ho" + "me/", "/Us" + "ers/", "/ro" + "ot/", "/wo" + "rk/"]
        for file in Repository.files {
            for (number, line) in zip(1..., file.lines) {
                for place in places
                where AbsolutePaths.has(place, in: line, needsUser: place != places[2]) {
                    Issue.record("\(file.path):\(number)")
                }
            }
        }
    }

    @Test func `a place on a machine is told from an example and from a part of a path`() {
        let home = "/ho" + "me/"
        func has(_ line: String) -> Bool { AbsolutePaths.has(home, in: line, needsUser: true) }
        #expect(has("\(home)anna/x") && has("in \"\(home)bo\""))
        #expect(!has("\(home)u/x") && !has("a\(home)anna") && !has("\(home)\\(name)/x"))
    }

    @Test(
        .enabled(if: StyleTests.hasFormatter, "there is no swift on PATH"),
        .timeLimit(.minutes(5)))
    func `the formatter has nothing to say`() throws {
        let root = Repository.root
        let folders = ["Sources", "Tests", "Examples", "Migrations"].map { "\(root)/\($0)" }
        let result = try Repository.run(
            "sh",
            [
                "-c", "exec \"$@\" 2>&1", "sh", "swift", "format", "lint", "-s", "-r",
                "--configuration", "\(root)/.swift-format",
            ] + folders)
        #expect(result.status == .code(0), "\(result.output.prefix(4000))")
    }

    private static var hasFormatter: Bool {
        do throws(Errno) {
            return try !Programs.find("swift").isEmpty
        } catch {
            return false
        }
    }
}
