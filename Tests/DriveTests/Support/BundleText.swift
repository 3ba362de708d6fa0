import Drive
import Evidence
import Testing

/// The lines of a bundle, to be looked at and changed.
struct BundleText {
    var lines: [String]

    init(_ bytes: [UInt8]) {
        lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { String($0) }
    }

    init(_ log: SignedLog, _ range: Range<UInt64> = 0..<100) throws {
        self.init(try HistoryBundle.pack(try log.reader(), range, program: "test").bytes)
    }

    var bytes: [UInt8] { Array(lines.map { "\($0)\n" }.joined().utf8) }

    /// Where the line is that begins so, from 0.
    func index(_ kind: String, of subject: String? = nil) throws -> Int {
        let start = "{\"bundle\":\"\(kind)\"" + (subject.map { ",\"of\":\"\($0)\"" } ?? "")
        return try #require(lines.firstIndex { $0.hasPrefix(start) })
    }

    /// The lines that are events.
    var events: [Int] { lines.indices.filter { !lines[$0].hasPrefix("{\"bundle\":") } }

    mutating func replace(_ index: Int, _ old: String, _ new: String) throws {
        try #require(lines[index].contains(old))
        lines[index] = lines[index].replacing(old, with: new)
    }

    func member(_ index: Int, _ name: String) throws -> String {
        let parts = lines[index].split(separator: "\"\(name)\":\"", maxSplits: 1)
        try #require(parts.count == 2)
        return String(parts[1].prefix { $0 != "\"" })
    }

    func text(_ index: Int, _ name: String) throws -> String {
        String(decoding: try #require(Base64.bytes(try member(index, name))), as: UTF8.self)
    }

    mutating func set(_ index: Int, _ name: String, _ bytes: [UInt8]) throws {
        try replace(
            index, "\"\(name)\":\"\(try member(index, name))\"",
            "\"\(name)\":\"\(Base64.text(bytes))\"")
    }

    /// What would tell that an event was changed.
    mutating func removeEvidence() {
        lines.removeAll {
            $0.hasPrefix("{\"bundle\":\"checkpoint\"")
                || $0.hasPrefix("{\"bundle\":\"proof\"")
        }
    }

    func read() throws(BundleError) -> HistoryBundle { try HistoryBundle(bytes) }

    /// What is wrong with it.
    func problem() -> BundleError? {
        do {
            _ = try read()
            return nil
        } catch {
            return error
        }
    }
}
