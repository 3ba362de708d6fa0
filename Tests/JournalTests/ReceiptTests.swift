import Evidence
import Registry
import Testing

@testable import Journal

/// What a client was told of its handoff, against the log.
struct ReceiptTests {
    /// Two checkpoints, and events after them.
    private func log() throws -> Log {
        let log = try Log()
        try log.keepEvidence()
        log.fill(20)
        try log.append()
        log.now += 2_000_000
        log.fill(20)
        try log.append()
        log.fill(10)
        try log.append()
        return log
    }

    private func receipt(_ log: Log, of sequence: UInt64) throws -> Receipt {
        let reader = try log.reader()
        let body = try #require(try reader.bodies(from: sequence, below: sequence + 1).first)
        return Receipt(
            log: reader.logID, origin: log.journal.origin, sequence: sequence, leaf: .leaf(body))
    }

    private func verify(_ log: Log, _ receipt: Receipt) throws -> VerificationReport {
        var options = Verification.Options()
        options.receipt = receipt
        return try Verification.run(try log.reader(), options)
    }

    @Test func `a true receipt holds, whether a checkpoint covers it or not`() throws {
        let log = try log()
        let last = UInt64(log.events.count - 1)
        for sequence in [0, 7, last] {
            let report = try verify(log, try receipt(log, of: sequence))
            #expect(report.findings == [])
            #expect((sequence < report.covered) == (sequence < last))
        }
    }

    @Test func `what the log cannot show is a fork or a roll-back`() throws {
        let log = try log()
        let honest = try receipt(log, of: 7)
        var altered = honest
        altered.leaf = try receipt(log, of: 8).leaf
        var foreign = honest
        foreign.log = "0123456789abcdef"
        var renamed = honest
        renamed.origin = "other.example/baton"
        var beyond = honest
        beyond.sequence = UInt64(log.events.count)
        var far = honest
        far.sequence = .max
        for (receipt, text) in [
            (altered, "event 7 is not the one"), (foreign, "of the log 0123456789abcdef"),
            (renamed, "other.example/baton"), (beyond, "rolled back"), (far, "rolled back"),
        ] {
            let findings = try verify(log, receipt).findings
            #expect(findings.map(\.kind) == [.forked])
            #expect(findings.first?.text.contains(text) == true, "\(findings)")
        }
    }

    @Test func `an event that was changed where it was signed is tampering first`() throws {
        let log = try log()
        let receipt = try receipt(log, of: 7)
        let copy = try Damaged(log)
        try copy.run(
            """
            UPDATE event SET body = CAST(replace(body, 'mono":', 'mono":1') AS BLOB)
            WHERE seq = 7
            """)
        var options = Verification.Options()
        options.receipt = receipt
        let findings = try Verification.run(try LogReader(path: copy.path), options).findings
        #expect(findings.first?.kind == .tampered)
        #expect(findings.contains { $0.kind == .forked })
    }

    @Test func `a receipt is its text, also on one line, and nothing else is one`() throws {
        let receipt = try receipt(try log(), of: 7)
        let text = receipt.description
        #expect(Receipt(text) == receipt)
        #expect(Receipt(text.split(separator: "\n").reversed().joined(separator: " ")) == receipt)
        for broken in [
            "", "log=a", text + "seq=8\n", text.replacing("leaf=", with: "leaf=00"),
            text.replacing("seq=7", with: "seq=-7"), text.replacing("seq=", with: "number="),
            text.replacing("seq=7", with: "seq"), String(text.dropLast(3)),
        ] {
            #expect(Receipt(broken) == nil, "\(broken)")
        }
    }
}
