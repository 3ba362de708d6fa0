package import Evidence
import Foundation
import GRDB
import GRDBSQLite
import Registry

/// Verifies a log from nothing but its file: hashes every body again, compares tiles, checkpoints
/// and their signatures. Nothing of the running program's own hashes is used.
package struct Verification {
    package struct Options: Sendable {
        /// The key that an auditor got by another way than the log.
        package var key: VerifierKey?
        /// A checkpoint that was kept elsewhere.
        package var older: StoredCheckpoint?
        /// What the coordinator told a client of one event.
        package var receipt: Receipt?
        /// Derives typed columns, projections and snapshots again, too.
        package var isDeep = false

        package init() {}
    }

    /// Bodies that are read in one transaction, so that the coordinator's WAL can be written back
    /// meanwhile.
    static let pageEvents: Int64 = 65_536
    /// A tile that is wrong makes others wrong; nobody reads a hundred lines.
    private static let findingsMaximum = 20

    let reader: LogReader
    let options: Options
    var report = VerificationReport()
    var tree = Tree()
    /// What is still to be reached, by its size.
    var goals: [Goal] = []
    var nextGoal = 0
    /// The newest one in the file.
    var last: Checkpoint?
    /// Tiles that differ from the events, until a checkpoint tells which of the two is right.
    var suspects: [Suspect] = []
    /// All events before this one are proved by a checkpoint.
    var proved: UInt64 = 0
    /// How many events the last checkpoint of the log itself that was reached covers, and the first
    /// of all.
    var signed: UInt64 = 0
    var firstSigned: UInt64 = 0
    var periods = EvidencePeriods()
    /// Orderly stops that no checkpoint ends with.
    var unsignedStops: [UInt64] = []
    /// The keys of the `key.rotated` so far.
    var announcedKeys: Set<String> = []
    /// The log's id in its own table, and that by which its first event names it.
    private(set) var storedID = ""
    var firstLog: String?

    /// A checkpoint with which the events until then are compared.
    struct Goal {
        let stored: StoredCheckpoint
        /// The number of the key that takes over with it.
        var successor: Int?
        /// Whether it was kept elsewhere.
        var isOlder = false
    }

    /// Whether table and events disagree of which log this is.
    var isMisnamed: Bool { firstLog != storedID }

    package static func run(
        _ reader: LogReader, _ options: Options
    ) throws(JournalError) -> VerificationReport {
        var verification = Verification(reader: reader, options: options)
        try reader.read { db in try verification.begin(db) }
        var first = Int64.min
        while let next = try reader.read({ db in try verification.page(db, from: first) }) {
            first = next
        }
        try reader.read { db in
            try verification.finish(db)
            if let receipt = options.receipt { try verification.compare(receipt, db) }
        }
        if options.isDeep, verification.report.findings.isEmpty {
            verification.report.findings = try reader.read { db in
                try DeepVerification.run(db, log: reader.logID)
            }
            verification.report.isDeep = true
        }
        return verification.report
    }

    private init(reader: LogReader, options: Options) {
        self.reader = reader
        self.options = options
    }

    mutating func find(_ finding: Finding) {
        guard report.findings.count < Self.findingsMaximum else { return }
        report.findings.append(finding)
    }

    // MARK: - Checkpoints

    private mutating func begin(_ db: Database) throws {
        guard try db.tableExists("checkpoint") else {
            throw JournalError.failed(
                code: SQLITE_ERROR, message: "an older program wrote this log, without evidence")
        }
        report.eventCount = try LogReader.eventCount(db)
        let name = try Row.fetchOne(
            db, sql: "SELECT CAST(id AS BLOB) AS id, CAST(origin AS BLOB) AS origin FROM log")
        storedID = name?.text("id") ?? ""
        report.origin = name?.text("origin") ?? ""
        let texts = try Row.fetchAll(
            db, sql: "SELECT number, CAST(key AS BLOB) AS key FROM signing_key ORDER BY number")
        for (number, row) in texts.enumerated() {
            guard let key = row.text("key").flatMap({ VerifierKey($0) }),
                key.name == report.origin, row.integer("number") == Int64(number)
            else {
                find(Finding("signing key \(number) is not one of this log"))
                return
            }
            report.keys.append(key)
        }
        let rows = try Row.fetchAll(
            db, sql: "\(StoredCheckpoint.select) ORDER BY number")
        report.checkpointCount = rows.count
        var signer = 0
        for (number, row) in rows.enumerated() {
            if let text = take(row, number: Int64(number), signer: &signer) {
                return find(Finding(text))
            }
        }
        if signer + 1 < report.keys.count {
            find(Finding("signing key \(signer + 1) has taken over by no checkpoint"))
        }
        firstSigned = goals.first?.stored.checkpoint.size ?? 0
        last = goals.last?.stored.checkpoint
        trust()
        if let older = options.older { take(older) }
    }

    /// Takes a stored checkpoint; says what is wrong with it.
    private mutating func take(_ row: Row, number: Int64, signer: inout Int) -> String? {
        guard row.integer("number") == number else { return "checkpoint \(number) is missing" }
        guard let stored = row.text("note").flatMap({ StoredCheckpoint($0) }),
            row.integer("size") == Int64(clamping: stored.checkpoint.size)
        else { return "checkpoint \(number) cannot be read" }
        guard stored.checkpoint.origin == report.origin else {
            return "checkpoint \(number) is of another log"
        }
        guard stored.checkpoint.size > goals.last?.stored.checkpoint.size ?? 0 else {
            return "checkpoint \(number) covers no more than the one before"
        }
        // One key signs, or it and the one that takes over.
        let count = stored.note.signatures.count
        let keys = report.keys.dropFirst(signer).prefix(count)
        guard count <= 2, keys.count == count, keys.allSatisfy(stored.note.isSigned) else {
            return "checkpoint \(number) has a wrong signature"
        }
        signer += count - 1
        goals.append(Goal(stored: stored, successor: count > 1 ? signer : nil))
        return nil
    }

    /// Whether the newest checkpoint is signed by the auditor's key, or by one that took over from
    /// it under both signatures, or that it took over from.
    private mutating func trust() {
        guard let key = options.key else { return }
        guard report.keys.contains(key) else {
            return find(Finding("the log is not signed by the given key, but by others"))
        }
        if goals.isEmpty {
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
        // The newest one is in the log too. As the log's own it says which event is not the one.
        if goals.contains(where: { $0.stored == older }) { return }
        // Compared by its root, like the others, when as many events were hashed.
        let place = goals.firstIndex { $0.stored.checkpoint.size >= size } ?? goals.count
        goals.insert(Goal(stored: older, isOlder: true), at: place)
    }

    // MARK: - The end

    private mutating func finish(_ db: Database) throws {
        guard report.findings.isEmpty else { return }
        if let firstLog, isMisnamed {
            find(
                Finding(
                    "the log is named \(storedID), and its events are of the log \(firstLog)"))
        }
        for suspect in suspects where !suspect.isExpected { find(suspect) }
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
        guard !report.keys.isEmpty else { return }
        for stop in unsignedStops {
            find(Finding("event \(stop) is an orderly stop, and its checkpoint is missing"))
        }
        try countTiles(db)
    }

    /// Tiles that are missing were missed by the events; here are those of events that are not.
    private mutating func countTiles(_ db: Database) throws {
        let size = try LogReader.eventCount(db)
        var expected: UInt64 = 0
        var known: Int64 = 0
        var level = 0
        while case let count = Tree.fullTiles(level: level, size: size), count > 0 {
            expected += count
            known +=
                try Int64.fetchOne(
                    db,
                    sql: "SELECT count(*) FROM tile WHERE level = ? AND number BETWEEN 0 AND ?",
                    arguments: [level, Int64(count) - 1]) ?? 0
            level += 1
        }
        let count = try Int64.fetchOne(db, sql: "SELECT count(*) FROM tile") ?? 0
        if count != known {
            find(Finding("there are \(count) tiles, and the events fill \(expected)"))
        }
    }
}
