import Foundation
import Journal
import Testing

@testable import baton

/// What a verb is expected to write, word for word: a file of `Golden`.
///
/// With BATON_WRITE_GOLDEN set the files are written anew, to be looked at; the test fails then.
enum GoldenFile {
    private static let folder = #filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined()

    static func path(_ name: String) -> String { "\(folder)/\(name)" }

    static func expect(
        _ name: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (Output) throws -> Void
    ) throws {
        let text = try text(body).replacing("\r\n", with: "\n")
        let path = path("Golden/\(name)")
        if ProcessInfo.processInfo.environment["BATON_WRITE_GOLDEN"] != nil {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            Issue.record("\(name) was written anew", sourceLocation: sourceLocation)
        }
        let expected = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text == expected, sourceLocation: sourceLocation)
    }

    /// All that `body` writes.
    static func text(_ body: (Output) throws -> Void) throws -> String {
        var bytes: [UInt8] = []
        let output = Output { bytes += $0 }
        try body(output)
        try output.flush()
        return String(decoding: bytes, as: UTF8.self)
    }
}
