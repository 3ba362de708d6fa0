import Evidence
import Registry
import Testing

@testable import Journal

struct EvidenceTests {
    @Test func `a checkpoint is the root over the bodies, signed, and full tiles are kept`() throws
    {
        let log = try Log()
        let key = try log.keepEvidence()
        log.fill(700)
        try log.append()
        let tree = try log.treeOfBodies()
        let latest = try #require(log.journal.latestCheckpoint)
        #expect(latest.checkpoint.size == UInt64(log.events.count))
        #expect(latest.checkpoint.root == tree.root)
        #expect(latest.checkpoint.origin == log.journal.origin)
        #expect(latest.note.isSigned(by: key.verifier))
        #expect(
            try File.rows(log.path, "SELECT level, number, length(hashes) FROM tile")
                == (0..<log.events.count / 256).map { "0|\($0)|8192" })
        #expect(
            try File.rows(log.path, "SELECT key FROM signing_key") == [key.verifier.description])
    }
}
