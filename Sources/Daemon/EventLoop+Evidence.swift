import Coordinator
import Evidence
import Journal
import Logging
import Registry
import Transport

/// What the loop remembers of the evidence between two rounds.
struct EvidenceDuties {
    /// The checkpoint that is in the file elsewhere: how many events it covers.
    var fileSize: UInt64?
    /// When that file may be written again, and the next key looked for: CLOCK_BOOTTIME in
    /// microseconds.
    var nextFileWrite: Int64 = 0
    var nextKeyLook: Int64 = 0
    /// Whether the last attempt to write the file failed, which is said once.
    var hasFileFailed = false
    /// Whether the next key could not be read when it was last looked for, which is said once.
    var hasKeyFailed = false
    /// Whether a new key was taken whose file has not become the key's.
    var isRotating = false
}

extension EventLoop {
    /// The file has two fsyncs of its own, and who looks at it looks seldom.
    private static let fileMicroseconds: Int64 = 1_000_000

    /// Signs what no checkpoint covers when it is time, and puts the newest checkpoint where it was
    /// asked for. Between two batches.
    func tendEvidence(_ time: Instant) throws(DaemonError) {
        guard journal.keepsEvidence else { return }
        let now = time.bootMicroseconds
        if coordinator.events.isEmpty, let due = journal.nextCheckpointMicroseconds, now >= due {
            do throws(JournalError) {
                try journal.signIfDue(at: now)
            } catch {
                try discardBatch(because: error)
            }
        }
        finishRotation()
        writeCheckpointFile(now)
    }

    /// When there is next something to do for the evidence; nil when nothing is.
    var nextEvidenceMicroseconds: Int64? {
        guard journal.keepsEvidence else { return nil }
        // A key that was made while no coordinator ran is taken at once.
        if evidence.nextKeyLook == 0 { return 0 }
        var next = isStoreFull ? nil : journal.nextCheckpointMicroseconds
        if isCheckpointFileDue { next = min(next ?? .max, evidence.nextFileWrite) }
        return next
    }

    private var isCheckpointFileDue: Bool {
        configuration.checkpointFile != nil
            && journal.latestCheckpoint?.checkpoint.size != evidence.fileSize
    }

    private func writeCheckpointFile(_ now: Int64) {
        guard isCheckpointFileDue, now >= evidence.nextFileWrite || isStopping else { return }
        putCheckpoint()
        evidence.nextFileWrite = now + Self.fileMicroseconds
    }

    /// The log goes on when the file cannot be written: it is the later comparison that suffers.
    func putCheckpoint() {
        guard let path = configuration.checkpointFile, let latest = journal.latestCheckpoint else {
            return
        }
        do throws(Errno) {
            try SystemFiles.replaceFile(
                path, with: Array(latest.note.description.utf8), mode: 0o644)
            evidence.fileSize = latest.checkpoint.size
            evidence.hasFileFailed = false
        } catch {
            if !evidence.hasFileFailed {
                configuration.logger.error("cannot write the checkpoint to \(path): \(error)")
            }
            evidence.hasFileFailed = true
        }
    }

    // MARK: - Receipts

    /// What the log has of a handoff, for its source or its target; nil for anybody else.
    func receipt(of handoff: HandoffNumber, for actor: ProcessNumber?) -> String? {
        guard let actor else { return nil }
        do throws(JournalError) {
            return try journal.leaf(of: handoff, for: actor).map { leaf in
                Receipt(
                    log: journal.logID, origin: journal.origin, sequence: handoff, leaf: leaf
                ).description
            }
        } catch {
            configuration.logger.error("cannot read handoff \(handoff): \(error)")
            return nil
        }
    }

    // MARK: - A new key

    private var nextKeyPath: String { configuration.databasePath + ".signing-key.next" }

    /// Takes the key that `baton key rotate` has made, once a second at most.
    func lookForKey(_ time: Instant) {
        guard journal.keepsEvidence, time.bootMicroseconds >= evidence.nextKeyLook,
            !journal.isRotating
        else { return }
        evidence.nextKeyLook = time.bootMicroseconds + Self.fileMicroseconds
        do throws(DaemonError) {
            let key = try EvidenceStart.readKey(nextKeyPath, origin: journal.origin)
            evidence.hasKeyFailed = false
            guard let key, key.verifier != journal.verifierKey else { return }
            journal.rotate(to: key)
            evidence.isRotating = true
            coordinator.perform(.rotateKey(key: key.verifier.description), at: time)
        } catch {
            if !evidence.hasKeyFailed {
                configuration.logger.error("cannot take the next signing key: \(error)")
            }
            evidence.hasKeyFailed = true
        }
    }

    /// Once the new key has signed, its file becomes the key.
    private func finishRotation() {
        guard evidence.isRotating, !journal.isRotating else { return }
        evidence.isRotating = false
        do throws(DaemonError) {
            // A batch that could not be written took the rotation back: it begins again.
            guard let key = try EvidenceStart.readKey(nextKeyPath, origin: journal.origin),
                key.verifier == journal.verifierKey
            else { return }
            try EvidenceStart.adopt(nextKeyPath, configuration)
        } catch {
            configuration.logger.error("cannot put the new signing key into place: \(error)")
        }
    }
}
