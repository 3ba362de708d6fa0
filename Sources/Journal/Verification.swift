package import Evidence
import Foundation
import GRDB
import GRDBSQLite
import Registry

/// What is wrong with a log.
package struct Finding: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// What is stored contradicts itself, or what was signed.
        case tampered
        /// An older checkpoint is of a longer log, or of another history.
        case forked
    }

    package let kind: Kind
    /// The first event that is not what it was, or those of which it is one.
    package let events: ClosedRange<UInt64>?
    package let text: String

    init(_ text: String, kind: Kind = .tampered, events: ClosedRange<UInt64>? = nil) {
        self.kind = kind
        self.events = events
        self.text = text
    }
}

/// What `Verification` found out.
package struct VerificationReport: Sendable {
    package fileprivate(set) var origin = ""
    package fileprivate(set) var findings: [Finding] = []
    package fileprivate(set) var eventCount: UInt64 = 0
    /// How many of them the newest checkpoint covers.
    package fileprivate(set) var covered: UInt64 = 0
    package fileprivate(set) var checkpointCount = 0
    package fileprivate(set) var tileCount: UInt64 = 0
    /// The root over all events, when all of them could be hashed.
    package fileprivate(set) var root: TreeHash?
    /// The keys that the log says are its own, the present one last.
    package fileprivate(set) var keys: [VerifierKey] = []
    /// Whether typed columns, projections and snapshots were derived again.
    package fileprivate(set) var isDeep = false

    package var uncovered: UInt64 { eventCount - min(covered, eventCount) }
}

/// Verifies a log from nothing but its file: hashes every body again, compares tiles, checkpoints
/// and their signatures. Nothing of the running program's own hashes is used.
package struct Verification {
    package struct Options: Sendable {
        /// The key that an auditor got by another way than the log.
        package var key: VerifierKey?
        /// A checkpoint that was kept elsewhere.
        package var older: StoredCheckpoint?
        /// Derives typed columns, projections and snapshots again, too.
        package var isDeep = false

        package init() {}
    }

    /// Bodies that are read in one transaction, so that the coordinator's WAL can be written back
    /// meanwhile.
    private static let pageEvents: Int64 = 65_536
    /// A tile that is wrong makes others wrong; nobody reads a hundred lines.
    private static let findingsMaximum = 20

    private let reader: LogReader
    private let options: Options
    private var report = VerificationReport()
    private var tree = Tree()
    /// What is still to be reached, by its size.
    private var checkpoints: [StoredCheckpoint] = []
    private var nextCheckpoint = 0
    /// The newest one in the file.
    private var last: Checkpoint?
    /// Tiles that differ from the events, until a checkpoint tells which of the two is right.
    private var suspects: [Suspect] = []
    /// All events before this one are proved by a checkpoint.
    private var proved: UInt64 = 0
    private var lastIsStop = false

    private struct Suspect {
        let level: Int
        let number: UInt64
        /// The first hash that differs; nil when the tile is missing.
        let index: Int?

        var name: String { "tile \(level)/\(number)" }
        var event: UInt64? {
            guard level == 0, let index else { return nil }
            return number * UInt64(Tree.tileWidth) + UInt64(index)
        }
    }

    package static func run(
        _ reader: LogReader, _ options: Options
    ) throws(JournalError) -> VerificationReport {
        var verification = Verification(reader: reader, options: options)
        try reader.read { db in try verification.begin(db) }
        var first = Int64.min
        while let next = try reader.read({ db in try verification.page(db, from: first) }) {
            first = next
        }
        try reader.read { db in try verification.finish(db) }
        if options.isDeep, verification.report.findings.isEmpty {
            let end = verification.report.eventCount
            verification.report.findings = try reader.read { db in
                try DeepVerification.run(db, log: reader.logID, end: end)
            }
            verification.report.isDeep = true
        }
        return verification.report
    }

    private init(reader: LogReader, options: Options) {
        self.reader = reader
        self.options = options
    }

    private mutating func find(_ finding: Finding) {
        guard report.findings.count < Self.findingsMaximum else { return }
        report.findings.append(finding)
    }

    // MARK: - Checkpoints

    private mutating func begin(_ db: Database) throws {
        guard try db.tableExists("checkpoint") else {
            throw JournalError.failed(
                code: SQLITE_ERROR, message: "an older program wrote this log, without evidence")
        }
        report.eventCount = UInt64(
            try Int64.fetchOne(db, sql: "SELECT coalesce(max(seq) + 1, 0) FROM event") ?? 0)
        report.origin = try String.fetchOne(db, sql: "SELECT origin FROM log") ?? ""
        let texts = try Row.fetchAll(db, sql: "SELECT * FROM signing_key ORDER BY number")
        for (number, row) in texts.enumerated() {
            guard let key = VerifierKey(row["key"] as String), key.name == report.origin,
                row["number"] == number
            else {
                find(Finding("signing key \(number) is not one of this log"))
                return
            }
            report.keys.append(key)
        }
        let rows = try Row.fetchAll(db, sql: "SELECT * FROM checkpoint ORDER BY number")
        report.checkpointCount = rows.count
        var signer = 0
        for (number, row) in rows.enumerated() {
            if let text = try take(row, number: Int64(number), signer: &signer, db) {
                return find(Finding(text))
            }
        }
        if signer + 1 < report.keys.count {
            find(Finding("signing key \(signer + 1) has taken over by no checkpoint"))
        }
        last = checkpoints.last?.checkpoint
        trust()
        if let older = options.older { take(older) }
    }

    /// Takes a stored checkpoint; says what is wrong with it.
    private mutating func take(
        _ row: Row, number: Int64, signer: inout Int, _ db: Database
    ) throws -> String? {
        guard row["number"] as Int64 == number else { return "checkpoint \(number) is missing" }
        guard let stored = StoredCheckpoint(row["note"] as String),
            row["size"] as Int64 == Int64(clamping: stored.checkpoint.size)
        else { return "checkpoint \(number) cannot be read" }
        guard stored.checkpoint.origin == report.origin else {
            return "checkpoint \(number) is of another log"
        }
        guard stored.checkpoint.size > checkpoints.last?.checkpoint.size ?? 0 else {
            return "checkpoint \(number) covers no more than the one before"
        }
        // One key signs, or it and the one that takes over.
        let count = stored.note.signatures.count
        let keys = report.keys.dropFirst(signer).prefix(count)
        guard count <= 2, keys.count == count, keys.allSatisfy(stored.note.isSigned) else {
            return "checkpoint \(number) has a wrong signature"
        }
        // Anybody can sign below; only the key before can have signed a tree that names another.
        let known = checkpoints.last?.checkpoint.size ?? 0
        if count == 2, let key = keys.last,
            try KeyTakeover.event(db, naming: key, in: known..<stored.checkpoint.size) == nil
        {
            return "checkpoint \(number) is signed by a key that no event before it names"
        }
        signer += count - 1
        checkpoints.append(stored)
        return nil
    }

    /// Whether the newest checkpoint is signed by the auditor's key, or by one that took over from
    /// it under both signatures, or that it took over from.
    private mutating func trust() {
        guard let key = options.key else { return }
        guard report.keys.contains(key) else {
            return find(Finding("the log is not signed by the given key, but by others"))
        }
        if checkpoints.isEmpty {
            find(Finding("the given key has signed nothing: there is no checkpoint"))
        }
    }

    private mutating func take(_ older: StoredCheckpoint) {
        let size = older.checkpoint.size
        guard older.checkpoint.origin == report.origin else {
            return find(
                Finding(
                    "the older checkpoint is of the log \(older.checkpoint.origin)", kind: .forked))
        }
        guard report.keys.contains(where: older.note.isSigned) else {
            return find(Finding("the older checkpoint is signed by no key of the log"))
        }
        guard size <= report.eventCount else {
            return find(
                Finding(
                    """
                    the log was rolled back: it has \(report.eventCount) events, and the older \
                    checkpoint covers \(size)
                    """, kind: .forked))
        }
        // Compared by its root, like the others, when as many events were hashed.
        let place = checkpoints.firstIndex { $0.checkpoint.size >= size } ?? checkpoints.count
        checkpoints.insert(older, at: place)
    }

    // MARK: - Events and tiles

    /// Hashes a page of bodies; where the next one begins, nil after the last.
    private mutating func page(_ db: Database, from first: Int64) throws -> Int64? {
        guard !report.findings.contains(where: { $0.kind == .tampered }) else { return nil }
        let connection = unsafe db.sqliteConnection
        guard let connection = unsafe connection else {
            throw DatabaseError(message: "the database is closed")
        }
        let bodies = try unsafe Statement(
            connection,
            "SELECT seq, kind, body FROM event WHERE seq >= ?1 ORDER BY seq LIMIT ?2")
        bodies.bind(1, first)
        bodies.bind(2, Self.pageEvents)
        defer { bodies.reset() }
        let stopKind = Int64(EventKind.coordinatorStopped.rawValue)
        while tree.size < report.eventCount {
            guard try bodies.step() else {
                return first == Int64(tree.size) ? try missing() : Int64(tree.size)
            }
            guard bodies.integer(0) == Int64(tree.size) else { return try missing() }
            lastIsStop = bodies.integer(1) == stopKind
            try add(bodies.withBlob(2) { TreeHash.leaf($0) }, db)
            while nextCheckpoint < checkpoints.count,
                checkpoints[nextCheckpoint].checkpoint.size == tree.size
            {
                guard try compare(checkpoints[nextCheckpoint], db) else { return nil }
                nextCheckpoint += 1
            }
        }
        return nil
    }

    private mutating func missing() throws -> Int64? {
        find(Finding("event \(tree.size) is missing", events: tree.size...tree.size))
        return nil
    }

    private mutating func add(_ leaf: TreeHash, _ db: Database) throws {
        var found: [Suspect] = []
        var count: UInt64 = 0
        try tree.append(leaf) { level, number, hashes in
            count += 1
            let stored = try StoredTree.tile(db, level, number)
            guard stored != hashes else { return }
            let index = stored.flatMap { stored in
                hashes.indices.first { stored[$0] != hashes[$0] }
            }
            found.append(Suspect(level: level, number: number, index: index))
        }
        report.tileCount += count
        suspects += found
    }

    /// Compares the root with one that was signed. False when no event after it can be judged.
    private mutating func compare(_ stored: StoredCheckpoint, _ db: Database) throws -> Bool {
        let checkpoint = stored.checkpoint
        if tree.root == checkpoint.root {
            // The events are those that were signed, so it is the tiles that are not.
            for suspect in suspects { find(suspect) }
            suspects = []
            proved = checkpoint.size
            return report.findings.isEmpty
        }
        if stored == options.older {
            find(
                Finding(
                    """
                    the log is a fork: its first \(checkpoint.size) events are not those of the \
                    older checkpoint
                    """, kind: .forked))
            return true
        }
        let events = try firstBad(below: checkpoint.size, db)
        find(
            Finding(
                events.count == 1
                    ? "event \(events.lowerBound) is not the one that was signed"
                    : """
                    one of the events \(events.lowerBound) to \(events.upperBound) is not the one \
                    that was signed
                    """, events: events))
        return false
    }

    private mutating func find(_ suspect: Suspect) {
        find(
            Finding(
                suspect.index == nil
                    ? "\(suspect.name) is missing"
                    : "\(suspect.name) differs from the events that it is of"))
    }

    /// The first event that differs from what was signed. Its tile tells which; at the right edge,
    /// where there is none, its own form may.
    private func firstBad(below end: UInt64, _ db: Database) throws -> ClosedRange<UInt64> {
        if let event = suspects.lazy.compactMap(\.event).min() { return event...event }
        // All full tiles are as they were.
        let tiled = end / UInt64(Tree.tileWidth) * UInt64(Tree.tileWidth)
        let begin = max(proved, tiled)
        guard begin < end else { return proved...end - 1 }
        let rows = try Row.fetchAll(
            db, sql: "SELECT seq, body FROM event WHERE seq >= ? AND seq < ? ORDER BY seq",
            arguments: [Int64(begin), Int64(end)])
        let tile = try StoredTree.tile(db, 0, begin / UInt64(Tree.tileWidth))
        for row in rows {
            let number = UInt64(row["seq"] as Int64)
            let place = Int(number % UInt64(Tree.tileWidth))
            if let tile, tile[place] != .leaf(Array(row["body"] as Data)) { return number...number }
            do throws(BodyError) {
                let decoded = try DecodedEvent(Array(row["body"] as Data))
                guard decoded.event.sequence == number, decoded.log == reader.logID else {
                    return number...number
                }
            } catch {
                return number...number
            }
        }
        return begin...end - 1
    }

    // MARK: - The end

    private mutating func finish(_ db: Database) throws {
        guard report.findings.isEmpty else { return }
        for suspect in suspects { find(suspect) }
        if tree.size == report.eventCount { report.root = tree.root }
        report.covered = min(last?.size ?? 0, proved)
        if let last, last.size > report.eventCount {
            find(
                Finding(
                    """
                    the end of the log is missing: a checkpoint covers \(last.size) events, and \
                    there are \(report.eventCount)
                    """, events: report.eventCount...last.size - 1))
        }
        if lastIsStop, !report.keys.isEmpty, report.covered < report.eventCount {
            find(Finding("the log ends with an orderly stop, and its checkpoint is missing"))
        }
        guard !report.keys.isEmpty else { return }
        let size = UInt64(
            try Int64.fetchOne(db, sql: "SELECT coalesce(max(seq) + 1, 0) FROM event") ?? 0)
        var expected: UInt64 = 0
        var level = 0
        while case let count = Tree.fullTiles(level: level, size: size), count > 0 {
            expected += count
            level += 1
        }
        let count = try Int64.fetchOne(db, sql: "SELECT count(*) FROM tile") ?? 0
        if UInt64(count) != expected {
            find(Finding("there are \(count) tiles, and the events fill \(expected)"))
        }
    }
}
