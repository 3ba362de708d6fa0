import ArgumentParser
import Evidence
import Journal
import Transport

/// The log as a directory of static files, for those who have no Baton.
struct Tiles: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the signed part of the log into a new directory, as C2SP tlog-tiles.",
        discussion: """
            All events that the newest checkpoint covers: the checkpoint, the tiles, the events in \
            bundles of 256, and the log's keys. Examples/verify.py verifies it with plain Python.
            """)

    @Argument(help: "The directory to make.")
    var directory: String

    @OptionGroup var common: CommonOptions

    func run() throws {
        let reader = try common.reader()
        guard let stored = try reader.checkpoint() else {
            throw CommandFailure(status: .incomplete, message: "there is no checkpoint yet")
        }
        guard try SystemFiles.facts(of: directory) == nil else {
            throw CommandFailure(
                status: .refused, message: "\(directory) exists already",
                hint: "name a directory that does not exist; nothing was written")
        }
        try Self.write(reader, stored, to: directory)
    }

    static func write(
        _ reader: LogReader, _ stored: StoredCheckpoint, to directory: String
    ) throws {
        let size = stored.checkpoint.size
        var folders: Set<String> = []
        func put(_ path: String, _ bytes: [UInt8]) throws {
            let folder = path.split(separator: "/").dropLast().joined(separator: "/")
            if folders.insert(folder).inserted {
                try SystemFiles.makeDirectories("\(directory)/\(folder)", mode: 0o755)
            }
            try NewFile.write(bytes, to: "\(directory)/\(path)")
        }
        var tree = Tree()
        var bundle: [UInt8] = []
        while tree.size < size {
            let bodies = try reader.bodies(from: tree.size, below: size)
            guard !bodies.isEmpty else {
                throw CommandFailure(
                    status: .damaged, message: "event \(tree.size) is missing",
                    hint: "see baton verify")
            }
            for body in bodies {
                bundle += [UInt8(body.count >> 8), UInt8(body.count & 255)] + body
                try tree.append(.leaf(body)) { level, number, hashes in
                    try put(
                        "tile/\(level)/\(Self.name(number))", TreeHash.bytes(of: hashes))
                }
                guard tree.size.isMultiple(of: UInt64(Tree.tileWidth)) || tree.size == size else {
                    continue
                }
                let number = (tree.size - 1) / UInt64(Tree.tileWidth)
                let width = tree.size % UInt64(Tree.tileWidth)
                try put(
                    "tile/entries/\(Self.name(number))\(width == 0 ? "" : ".p/\(width)")", bundle)
                bundle = []
            }
        }
        for (level, hashes) in tree.rightEdge.enumerated() where !hashes.isEmpty {
            let number = Tree.fullTiles(level: level, size: size)
            try put(
                "tile/\(level)/\(Self.name(number)).p/\(hashes.count)", TreeHash.bytes(of: hashes))
        }
        let keys = try reader.signingKeys().map { "\($0)\n" }.joined()
        try put("keys", Array(keys.utf8))
        try put("checkpoint", Array(stored.note.description.utf8))
    }

    /// A tile's number, three digits a folder: 1234067 is x001/x234/067.
    static func name(_ number: UInt64) -> String {
        func digits(_ part: UInt64) -> String {
            let text = "\(part)"
            return String(repeating: "0", count: 3 - text.count) + text
        }
        var name = digits(number % 1000)
        var rest = number / 1000
        while rest > 0 {
            name = "x\(digits(rest % 1000))/\(name)"
            rest /= 1000
        }
        return name
    }
}
