/// The keys of event bodies. The order of the cases is that of the keys' bytes, in which canonical
/// JSON wants them; a test compares it. A key never changes its meaning.
package enum Key: UInt8, CaseIterable, Comparable, Sendable {
    case actor, attempt, boot, by, catalog, cause, cgroup, cgroupHex, code, content, cookie, count
    case digest, egid, epoch, euid, event, exe, exeDevice, exeHex, exeInode, family, features, field
    case first, flags, form, found, from, genuine, gid, grade, handoff, held, how, inode, instance
    case kernel, key, last, listening, local, log, loginuid, lost, mask, matched, mono,
        networkNamespace, of
    case origin, pid, pidNamespace, previousOrigin, previousRoot, previousSize, process, program
    case `protocol`, qos, reason, remote, request, root, rule, schema, seq, services, socket
    case start, status, target, text, time, to, ttl, type, uid, v, what

    package static func < (a: Key, b: Key) -> Bool { a.rawValue < b.rawValue }

    /// As it stands in the body: the case's name with underscores between its words.
    package var name: String { Self.names[Int(rawValue)] }

    private static let names: [String] = allCases.map { key in
        var name = ""
        for character in "\(key)" {
            name += character.isUppercase ? "_" + character.lowercased() : String(character)
        }
        return name
    }

    package init?(name: String) {
        guard let key = Self.byName[name] else { return nil }
        self = key
    }

    private static let byName = Dictionary(
        uniqueKeysWithValues: allCases.map { ($0.name, $0) })

    /// The key that these bytes name.
    init?(name: ArraySlice<UInt8>) {
        guard let key = Self.table.find(name) else { return nil }
        self = key
    }

    private static let table = NameTable(allCases.map { (Array($0.name.utf8), $0) })

    /// `,"key":`, ready to be written.
    static let prefixes: [[UInt8]] = allCases.map { Array(",\"\($0.name)\":".utf8) }
}
