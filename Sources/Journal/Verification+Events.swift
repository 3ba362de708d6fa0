import Evidence
import GRDB
import Registry

// Events and tiles.
extension Verification {
    /// Hashes a page of bodies; where the next one begins, nil after the last.
    mutating func page(_ db: Database, from first: Int64) throws -> Int64? {
        guard !report.findings.contains(where: { $0.kind == .tampered }) else { return nil }
        let connection = unsafe db.sqliteConnection
        guard let connection = unsafe connection else {
            throw DatabaseError(message: "the database is closed")
        }
        let bodies = try unsafe Statement(
            connection, "SELECT seq, body FROM event WHERE seq >= ?1 ORDER BY seq LIMIT ?2")
        bodies.bind(1, first)
        bodies.bind(2, Self.pageEvents)
        defer { bodies.reset() }
        while tree.size < report.eventCount {
            guard try bodies.step() else {
                return first == Int64(tree.size) ? try missing() : Int64(tree.size)
            }
            guard bodies.integer(0) == Int64(tree.size) else { return try missing() }
            let (leaf, mark) = bodies.withBlob(1) { (TreeHash.leaf($0), EventMark($0)) }
            if tree.size == 0 { name(by: bodies.blob(1)) }
            switch mark {
            case .configuration: periods.note(bodies.blob(1))
            case .keyRotation: announce(bodies.blob(1))
            case .stop, nil: break
            }
            try add(leaf, db)
            while nextGoal < goals.count, goals[nextGoal].stored.checkpoint.size == tree.size {
                guard try compare(goals[nextGoal], db) else { return nil }
                nextGoal += 1
            }
            if mark == .stop { noteStop() }
        }
        return nil
    }

    private mutating func missing() throws -> Int64? {
        find(Finding("event \(tree.size) is missing", events: tree.size...tree.size))
        return nil
    }

    /// The first event says of which log it is.
    private mutating func name(by body: [UInt8]) {
        do throws(BodyError) {
            firstLog = try DecodedEvent(body).log
        } catch {
            // Then it is no event, which the first root says.
            firstLog = nil
        }
    }

    private mutating func announce(_ body: [UInt8]) {
        guard case .keyRotated(let key)? = EvidencePeriods.content(of: body) else { return }
        announcedKeys.insert(key)
    }

    /// An orderly stop is signed in its own transaction. Evidence that was begun later misses none.
    private mutating func noteStop() {
        guard periods.keepsEvidence, tree.size >= firstSigned, signed != tree.size else { return }
        unsignedStops.append(tree.size - 1)
    }

    private mutating func add(_ leaf: TreeHash, _ db: Database) throws {
        var found: [Suspect] = []
        var count: UInt64 = 0
        let keepsEvidence = periods.keepsEvidence
        try tree.append(leaf) { level, number, hashes in
            count += 1
            let stored = try StoredTree.tile(db, level, number)
            guard stored != hashes else { return }
            let index = stored.flatMap { stored in
                hashes.indices.first { stored[$0] != hashes[$0] }
            }
            found.append(
                Suspect(
                    level: level, number: number, index: index,
                    isExpected: index == nil && !keepsEvidence))
        }
        report.tileCount += count - UInt64(found.count { $0.isExpected })
        suspects += found
    }

    /// Compares the root with one that was signed. False when no event after it can be judged.
    private mutating func compare(_ goal: Goal, _ db: Database) throws -> Bool {
        let checkpoint = goal.stored.checkpoint
        if tree.root == checkpoint.root {
            // The events are those that were signed, so it is the tiles that are not.
            for suspect in suspects { find(suspect) }
            suspects = []
            proved = checkpoint.size
            if !goal.isOlder { signed = checkpoint.size }
            // A line with another signature can be added to any note. That the key before it meant
            // it, only an event says that it has signed.
            if let number = goal.successor,
                !announcedKeys.contains(report.keys[number].description)
            {
                find(
                    Finding(
                        "signing key \(number) has taken over, and no event before it says so"))
            }
            return report.findings.isEmpty
        }
        if goal.isOlder {
            find(
                Finding(
                    """
                    the log is a fork: its first \(checkpoint.size) events are not those of the \
                    older checkpoint
                    """, kind: .forked))
            return true
        }
        let events = try firstBad(below: checkpoint, db)
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
}
