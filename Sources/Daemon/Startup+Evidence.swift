import Evidence
import Journal
import Logging
import Registry
import Transport

/// The log that a new one continues: the newest checkpoint of it that is known.
struct Predecessor {
    let origin: String
    let size: UInt64
    let root: String

    init(_ checkpoint: Checkpoint) {
        origin = checkpoint.origin
        size = checkpoint.size
        root = checkpoint.root.base64
    }
}

/// What the start does about evidence: the key, the tree, and the checkpoint kept elsewhere.
enum EvidenceStart {
    static let fileByteCountMaximum = SignedNote.byteCountMaximum

    /// Where the signing key is: handed down by systemd (LoadCredential=), or beside the database.
    static func keyPath(_ configuration: DaemonConfiguration) -> (path: String, isCredential: Bool)
    {
        if let folder = HostFacts.environmentVariable("CREDENTIALS_DIRECTORY") {
            let path = "\(folder)/baton-signing-key"
            do throws(Errno) {
                if try SystemFiles.facts(of: path) != nil { return (path, true) }
            } catch {
                configuration.logger.warning("cannot look for the credential \(path): \(error)")
            }
        }
        return (configuration.databasePath + ".signing-key", false)
    }

    private static let keyAdvice =
        "restore it, or move it and the database away: another key is another log's"

    /// The key, made when there is none.
    static func key(
        _ configuration: DaemonConfiguration, origin: String
    ) throws(DaemonError) -> SigningKey {
        let (path, isCredential) = keyPath(configuration)
        do throws(Errno) {
            if !isCredential, try SystemFiles.facts(of: path) == nil {
                try SystemFiles.writeFileExclusively(path, SigningKey.random(), mode: 0o600)
            }
        } catch {
            throw .database(
                message: "cannot make the signing key \(path): \(error)", advice: keyAdvice,
                isDamage: false)
        }
        guard let key = try readKey(path, origin: origin, isCredential: isCredential) else {
            throw .database(
                message: "there is no signing key \(path)", advice: keyAdvice, isDamage: false)
        }
        return key
    }

    /// The key in a file; nil without one.
    static func readKey(
        _ path: String, origin: String, isCredential: Bool = false
    ) throws(DaemonError) -> SigningKey? {
        let bytes: [UInt8]
        let facts: FileFacts
        do throws(Errno) {
            guard try SystemFiles.facts(of: path) != nil else { return nil }
            (bytes, facts) = try SystemFiles.readFileWithFacts(path, limit: SigningKey.byteCount)
        } catch {
            throw .database(
                message: "cannot read the signing key \(path): \(error)", advice: keyAdvice,
                isDamage: false)
        }
        // Of a credential systemd takes care: its directory is closed to others.
        if !isCredential {
            try KeyFile.check(
                path, facts, what: "the signing key",
                risk: "who has read it can sign in the log's name")
        }
        guard let key = SigningKey(bytes, name: origin) else {
            throw .database(
                message: "the signing key \(path) does not have \(SigningKey.byteCount) bytes",
                advice: keyAdvice, isDamage: true)
        }
        return key
    }

    /// The key that is to take over. One that cannot be read keeps no coordinator from serving.
    private static func nextKey(
        _ configuration: DaemonConfiguration, origin: String, in path: String
    ) -> SigningKey? {
        do throws(DaemonError) {
            return try readKey(path, origin: origin)
        } catch {
            configuration.logger.warning("the next signing key does not take over: \(error)")
            return nil
        }
    }

    /// Makes the next key the key.
    static func adopt(_ next: String, _ configuration: DaemonConfiguration) throws(DaemonError) {
        let path = configuration.databasePath + ".signing-key"
        do throws(Errno) {
            try SystemFiles.rename(next, to: path)
        } catch {
            throw .database(
                message: "cannot rename \(next) to \(path): \(error)", advice: keyAdvice,
                isDamage: false)
        }
        configuration.logger.notice("a new key signs", metadata: ["file": "\(path)"])
    }

    /// Takes the evidence up, and compares it with the checkpoint elsewhere.
    static func begin(
        _ configuration: DaemonConfiguration, _ journal: Journal
    ) throws(DaemonError) {
        guard configuration.keepsEvidence else { return }
        let key = try key(configuration, origin: journal.origin)
        let nextPath = configuration.databasePath + ".signing-key.next"
        let next = nextKey(configuration, origin: journal.origin, in: nextPath)
        do throws(JournalError) {
            try journal.keepEvidence(signedBy: key, next: next)
        } catch {
            throw DaemonError(error)
        }
        if let next, next.verifier == journal.verifierKey { try adopt(nextPath, configuration) }
        if let elsewhere = try elsewhere(configuration) {
            try compare(configuration, journal, with: elsewhere)
        } else {
            try checkAbsence(configuration, journal)
        }
    }

    // MARK: - The checkpoint elsewhere

    /// What stands in the file of the newest checkpoint; nil where there is none yet.
    static func elsewhere(
        _ configuration: DaemonConfiguration
    ) throws(DaemonError) -> StoredCheckpoint? {
        guard let path = configuration.checkpointFile else { return nil }
        let bytes: [UInt8]
        do throws(Errno) {
            guard try SystemFiles.facts(of: path) != nil else { return nil }
            bytes = try SystemFiles.readFile(path, limit: fileByteCountMaximum)
        } catch {
            throw .database(
                message: "cannot read the checkpoint \(path): \(error)",
                advice: "give this user the right to read it, or name another file",
                isDamage: false)
        }
        guard let checkpoint = StoredCheckpoint(String(decoding: bytes, as: UTF8.self)) else {
            throw .database(
                message: "\(path) is no signed checkpoint",
                advice: "name another file with --checkpoint-file, or restore it",
                isDamage: true)
        }
        return checkpoint
    }

    /// A file that is not there compares nothing: a file system that is not mounted would let every
    /// old copy pass. Only in the first second of a log there need be none.
    private static func checkAbsence(
        _ configuration: DaemonConfiguration, _ journal: Journal
    ) throws(DaemonError) {
        guard let path = configuration.checkpointFile, journal.checkpointCount > 1 else { return }
        let message = """
            there is no checkpoint \(path), and the log has \(journal.checkpointCount): it cannot \
            be told whether the log was rolled back
            """
        // The coordinator before it has compared, and what it held would be lost.
        guard !configuration.isSuccessor else { return configuration.logger.error("\(message)") }
        throw .database(
            message: message,
            advice: """
                mount its file system, or restore it; to begin with it, trust the log as it is: \
                baton checkpoint >\(path)
                """, isDamage: false)
    }

    /// Refuses a log that is behind the checkpoint, or is another history than the one it is of.
    static func compare(
        _ configuration: DaemonConfiguration, _ journal: Journal, with stored: StoredCheckpoint
    ) throws(DaemonError) {
        let checkpoint = stored.checkpoint
        guard checkpoint.origin == journal.origin else {
            do throws(JournalError) {
                // A new log that cites the one of which the checkpoint is.
                if let cited = try journal.cited(), cited.origin == checkpoint.origin,
                    cited.size >= checkpoint.size
                {
                    return
                }
            } catch {
                throw DaemonError(error)
            }
            throw .forked(
                message: """
                    the checkpoint is of the log \(checkpoint.origin), and the database is \
                    \(journal.origin)
                    """)
        }
        let (eventCount, root): (UInt64, TreeHash?)
        do throws(JournalError) {
            guard try journal.signingKeys().contains(where: stored.note.isSigned) else {
                throw JournalError.damaged(
                    path: configuration.checkpointFile ?? "the checkpoint",
                    detail: "no key of the log has signed it")
            }
            eventCount = try journal.eventCount()
            root = checkpoint.size <= eventCount ? try journal.root(ofFirst: checkpoint.size) : nil
        } catch {
            throw DaemonError(error)
        }
        guard let root else {
            throw .forked(
                message: """
                    the log was rolled back: it has \(eventCount) events, and a checkpoint of \
                    \(checkpoint.size) was signed
                    """)
        }
        guard root == checkpoint.root else {
            throw .forked(
                message: """
                    the log is a fork: its first \(checkpoint.size) events are not those of the \
                    checkpoint
                    """)
        }
    }
}

extension Startup {
    /// Opens the log with its evidence. One that cannot be gone on with is set aside for a new one
    /// where that was asked for; what is known of the old one is returned, to be cited.
    static func openEvidence(
        _ configuration: DaemonConfiguration
    ) throws(DaemonError) -> (Journal, Predecessor?) {
        let refusal: DaemonError
        let first = try openJournal(configuration)
        do throws(DaemonError) {
            try EvidenceStart.begin(configuration, first)
            return (first, nil)
        } catch {
            refusal = error
        }
        do throws(JournalError) {
            try first.close()
        } catch {
            throw DaemonError(error)
        }
        guard configuration.acceptsFork, refusal.isFork || refusal.isDamage else { throw refusal }
        configuration.logger.warning("setting the log aside: \(refusal)")
        let predecessor = try EvidenceStart.setAside(configuration)
        let journal = try openJournal(configuration)
        var fresh = configuration
        // The checkpoint elsewhere is of the old log, and is cited instead of compared.
        fresh.checkpointFile = nil
        try EvidenceStart.begin(fresh, journal)
        return (journal, predecessor)
    }
}

extension EvidenceStart {
    /// Renames the database with its companions, and tells the newest checkpoint of it that is
    /// known: the one elsewhere, or its own.
    static func setAside(
        _ configuration: DaemonConfiguration
    ) throws(DaemonError) -> Predecessor? {
        let path = configuration.databasePath
        let own: StoredCheckpoint?
        let id: String
        do throws(JournalError) {
            let reader = try LogReader(path: path)
            id = reader.logID
            own = try reader.checkpoint()
        } catch {
            throw DaemonError(error)
        }
        let known = [try elsewhere(configuration), own].compactMap(\.self)
        let newest = known.max { $0.checkpoint.size < $1.checkpoint.size }
        do throws(Errno) {
            let aside = "\(path).\(id).aside"
            guard try SystemFiles.facts(of: aside) == nil else { throw .exists }
            for suffix in ["-wal", "-shm", ""]
            where try SystemFiles.facts(of: path + suffix) != nil {
                try SystemFiles.rename(path + suffix, to: aside + suffix)
            }
        } catch {
            throw .database(
                message: "cannot set the database \(path) aside: \(error)",
                advice: "move it away, with its -wal and -shm", isDamage: false)
        }
        return newest.map { Predecessor($0.checkpoint) }
    }
}
