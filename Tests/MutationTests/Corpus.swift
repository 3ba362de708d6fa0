import Testing
import Transport

/// What the cases are made of: files beside this one, which are kept.
enum Corpus {
    private static let directory: String = {
        var parts = "\(#filePath)".split(separator: "/")
        parts.removeLast()
        return "/" + parts.joined(separator: "/") + "/Corpus/"
    }()

    static func file(_ name: String) throws -> [UInt8] {
        try SystemFiles.readFile(directory + name, limit: 1 << 20)
    }

    static func lines(_ name: String) throws -> [[UInt8]] {
        try file(name).split(separator: UInt8(ascii: "\n")).map { Array($0) }
    }

    /// One case a line, in hexadecimal.
    static func hexadecimal(_ name: String) throws -> [[UInt8]] {
        try lines(name).map { line in
            try stride(from: 0, to: line.count, by: 2).map { index in
                let digits = String(
                    decoding: line[index..<min(index + 2, line.count)], as: UTF8.self)
                return try #require(UInt8(digits, radix: 16), "\(name)")
            }
        }
    }

    /// How many cases there are in all; the environment can ask for more.
    static let caseCount: Int =
        HostFacts.environmentVariable("BATON_MUTATIONS").flatMap { Int($0) } ?? 200_000
}

/// What became of the cases.
struct Tally: CustomStringConvertible {
    private(set) var accepted = 0
    private(set) var refused: [String: Int] = [:]

    mutating func accept() { accepted += 1 }
    mutating func refuse(_ reason: String) { refused[reason, default: 0] += 1 }

    var total: Int { accepted + refused.values.reduce(0, +) }

    var description: String {
        let reasons = refused.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return "accepted \(accepted), " + reasons.joined(separator: ", ")
    }
}
