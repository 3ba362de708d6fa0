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
            bundles of 256, the log's keys, and the checkpoints with which they took over. \
            Examples/verify.py verifies it with plain Python.
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
        var export = ExportDirectory(directory)
        do {
            try Self.write(reader, stored, to: &export)
        } catch {
            do throws(Errno) {
                try export.remove()
            } catch let left {
                throw CommandFailure(
                    status: .damaged, message: "\(CommandFailure(error).message)",
                    hint: "what was written of \(directory) cannot be removed: \(left)")
            }
            throw error
        }
    }

    /// What the length of an event has room for in a bundle.
    private static let bodyMaximum = Int(UInt16.max)

    private static func write(
        _ reader: LogReader, _ stored: StoredCheckpoint, to export: inout ExportDirectory
    ) throws {
        let size = stored.checkpoint.size
        var tree = Tree()
        var bundle: [UInt8] = []
        while tree.size < size {
            let bodies = try reader.bodies(from: tree.size, below: size)
            guard !bodies.isEmpty else { throw damaged("event \(tree.size) is missing") }
            for body in bodies {
                guard body.count <= bodyMaximum else {
                    throw damaged("event \(tree.size) is longer than any event")
                }
                bundle += [UInt8(body.count >> 8), UInt8(body.count & 255)] + body
                try tree.append(.leaf(body)) { level, number, hashes in
                    try export.put("tile/\(level)/\(name(number))", TreeHash.bytes(of: hashes))
                }
                guard tree.size.isMultiple(of: UInt64(Tree.tileWidth)) || tree.size == size else {
                    continue
                }
                let number = (tree.size - 1) / UInt64(Tree.tileWidth)
                let width = tree.size % UInt64(Tree.tileWidth)
                try export.put(
                    "tile/entries/\(name(number))\(width == 0 ? "" : ".p/\(width)")", bundle)
                bundle = []
            }
        }
        for (level, hashes) in tree.rightEdge.enumerated() where !hashes.isEmpty {
            let number = Tree.fullTiles(level: level, size: size)
            try export.put(
                "tile/\(level)/\(name(number)).p/\(hashes.count)", TreeHash.bytes(of: hashes))
        }
        try writeKeys(reader, stored, to: &export)
    }

    private static func writeKeys(
        _ reader: LogReader, _ stored: StoredCheckpoint, to export: inout ExportDirectory
    ) throws {
        // A key may have taken over since the newest checkpoint was read.
        let rotations = try reader.rotations().filter {
            $0.checkpoint.size <= stored.checkpoint.size
        }
        for (number, rotation) in rotations.enumerated() {
            try export.put(
                "rotations/\(number + 1)", Array(rotation.note.description.utf8))
        }
        let keys = try reader.signingKeys().prefix(rotations.count + 1)
        try export.put("keys", Array(keys.map { "\($0)\n" }.joined().utf8))
        try export.put("checkpoint", Array(stored.note.description.utf8))
    }

    private static func damaged(_ message: String) -> CommandFailure {
        CommandFailure(status: .damaged, message: message, hint: "see baton verify")
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
