import ArgumentParser
import Evidence
import Journal
import Registry
import Transport

/// Whether the log is what was signed.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Verify that the log is the one that its coordinator signed.",
        discussion: """
            Hashes every event again, and compares the tree with the stored tiles and with every \
            signed checkpoint. Exit status 4: something was changed; 5: the log was rolled back, \
            or is another history than that of --since-checkpoint or of --receipt.
            """)

    @Flag(help: "Derive typed columns, projections and snapshots again, too.")
    var deep = false

    @Option(
        help: ArgumentHelp(
            "The log's key, as an auditor got it by another way: see baton key show.",
            valueName: "vkey"))
    var key: String?

    @Option(
        help: ArgumentHelp(
            "A checkpoint that was kept elsewhere, of which the log must be a continuation.",
            valueName: "file"))
    var sinceCheckpoint: String?

    @Option(
        help: ArgumentHelp(
            "A receipt that a program got of its handoff: whether the log still has that event.",
            discussion: """
                The four lines of Client.receipt: log, origin, seq and leaf, as key=value. Whether \
                a checkpoint covers the event yet is told, and changes no status.
                """, valueName: "file"))
    var receipt: String?

    @Option(
        help: ArgumentHelp(
            "A file that baton bundle made, instead of the log.", valueName: "file"))
    var bundle: String?

    @OptionGroup var document: DocumentOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        let needsLog = deep || sinceCheckpoint != nil || receipt != nil || common.database != nil
        guard bundle == nil || !needsLog else {
            throw ValidationError(
                "--bundle goes with --key; --deep, --since-checkpoint, --receipt and --database "
                    + "need the log.")
        }
    }

    func run() throws {
        let verifier = try key.map { try Self.verifier($0) }
        if let bundle {
            let text = BundleEvidenceText(try BundleFile.read(bundle), key: verifier)
            let output = Output.standard()
            try text.write(document.format, to: output)
            try output.flush()
            if let failure = text.failure(needsEvidence: true) { throw failure }
            return
        }
        var options = Verification.Options()
        options.isDeep = deep
        options.key = verifier
        options.older = try sinceCheckpoint.map { try Self.checkpoint(in: $0) }
        options.receipt = try receipt.map { try Self.receipt(in: $0) }
        let reader = try common.reader()
        let report = try Verification.run(reader, options)
        let output = Output.standard()
        try VerificationText(report, options, lastSigned: try Self.lastSigned(report, reader))
            .write(document.format, to: output)
        try output.flush()
        if let failure = Self.failure(report) { throw failure }
    }

    /// When the newest event that is signed was written, as its verified body says.
    private static func lastSigned(
        _ report: VerificationReport, _ reader: LogReader
    ) throws -> Timestamp? {
        guard report.findings.isEmpty, report.covered > 0 else { return nil }
        let page = try reader.page(HistoryQuery(), from: report.covered - 1, limit: 1)
        return try page.events.first.map { stored in
            Timestamp(
                microseconds: try DecodedEvent(stored.body).event.time.wallMicroseconds)
        }
    }

    static func verifier(_ text: String) throws -> VerifierKey {
        guard let key = VerifierKey(text) else {
            throw CommandFailure.usage(
                "--key takes a vkey, name+keyid+base64", hint: "baton key show prints one")
        }
        return key
    }

    static func checkpoint(in file: String) throws -> StoredCheckpoint {
        let text = try text(of: file)
        if let checkpoint = StoredCheckpoint(text) { return checkpoint }
        let signed = text.firstRange(of: "\n\n").map { text[..<$0.lowerBound] + "\n" }
        guard signed.flatMap({ Checkpoint(String($0)) }) == nil else {
            throw CommandFailure(
                status: .damaged, message: "the checkpoint in \(file) is not signed as one is",
                hint: "compare it with another copy")
        }
        throw CommandFailure.usage(
            "\(file) is no signed checkpoint",
            hint: "name a file with what baton checkpoint printed")
    }

    static func receipt(in file: String) throws -> Receipt {
        guard let receipt = Receipt(try text(of: file)) else {
            throw CommandFailure.usage(
                "\(file) is no receipt of a handoff",
                hint: "it has log=, origin=, seq= and leaf=, as the coordinator told them")
        }
        return receipt
    }

    private static func text(of file: String) throws -> String {
        do throws(Errno) {
            let bytes = try SystemFiles.readFile(file, limit: SignedNote.byteCountMaximum)
            return String(decoding: bytes, as: UTF8.self)
        } catch .fileTooLarge {
            // Neither of the two is so long, so it is none of them, as an empty file is.
            return ""
        } catch {
            throw CommandFailure.unreachable("cannot read \(file): \(error)")
        }
    }

    /// How the verb ends when something was found.
    static func failure(_ report: VerificationReport) -> CommandFailure? {
        guard
            let first = report.findings.first(where: { $0.kind == .tampered })
                ?? report.findings.first
        else { return nil }
        return switch first.kind {
        case .tampered:
            CommandFailure(
                status: .damaged, message: first.text,
                hint: "keep the file as it is, and compare it with a backup")
        case .forked:
            CommandFailure(
                status: .forked, message: first.text,
                hint: "find the newest copy of the log, and who put this one here")
        }
    }
}

/// What was verified, and what was not.
struct VerificationText {
    private let report: VerificationReport
    private let options: Verification.Options
    private let lastSigned: Timestamp?

    init(
        _ report: VerificationReport, _ options: Verification.Options, lastSigned: Timestamp?
    ) {
        self.report = report
        self.options = options
        self.lastSigned = lastSigned
    }

    func write(_ format: DocumentFormat, to output: Output) throws {
        switch format {
        case .json: try output.write(line: json.description)
        case .short: for line in lines { try output.write(line: PrintableText.escaped(line)) }
        }
    }

    private var isGood: Bool { report.findings.isEmpty }

    private func covers(_ receipt: Receipt) -> Bool { receipt.sequence < report.covered }

    var lines: [String] {
        var lines = report.findings.map(\.text)
        if isGood {
            lines.append(
                """
                \(report.covered) events are those that were signed: \
                \(report.checkpointCount) checkpoints, \(report.tileCount) tiles
                """)
            if report.isDeep {
                lines.append("columns, projections and snapshots are what the events say")
            }
        }
        if let receipt = options.receipt, isGood {
            let number = receipt.sequence
            lines.append(
                "event \(number) is the one that the receipt is of, "
                    + (covers(receipt) ? "and signed" : "and covered by no checkpoint yet"))
        }
        if report.uncovered > 0, isGood {
            lines.append("\(report.uncovered) events are covered by no checkpoint yet")
        }
        if let lastSigned, options.older == nil {
            lines.append(
                """
                a missing end cannot be seen without --since-checkpoint: the newest checkpoint \
                covers \(report.covered) events, the last of \(lastSigned)
                """)
        }
        for key in report.keys { lines.append("key \(key)") }
        if options.key == nil {
            lines.append(
                """
                without --key: the keys are from the log itself, and prove nothing about its origin
                """)
        }
        return lines
    }

    var json: JSONValue {
        var object = JSONObject()
        object["verified"] = .bool(isGood)
        object["origin"] = .text(report.origin)
        object["events"] = .unsigned(report.eventCount)
        object["covered"] = .unsigned(isGood ? report.covered : 0)
        object["uncovered"] = isGood ? .unsigned(report.uncovered) : nil
        object["checkpoints"] = .integer(Int64(report.checkpointCount))
        object["tiles"] = .unsigned(report.tileCount)
        object["deep"] = .bool(report.isDeep)
        object["root"] = report.root.map { .text($0.base64) }
        object["key_given"] = .bool(options.key != nil)
        object["since_checkpoint_given"] = .bool(options.older != nil)
        if let lastSigned {
            object["newest_checkpoint"] = .object(
                JSONObject([
                    ("size", .unsigned(report.covered)), ("time", .text(lastSigned.description)),
                ]))
        }
        object["keys"] = .array(report.keys.map { .text($0.description) })
        if let receipt = options.receipt {
            var told = JSONObject()
            told["seq"] = .unsigned(receipt.sequence)
            told["verified"] = .bool(isGood)
            told["covered"] = .bool(isGood && covers(receipt))
            object["receipt"] = .object(told)
        }
        object["findings"] = .array(report.findings.map(Self.json))
        return .object(object)
    }

    private static func json(_ finding: Finding) -> JSONValue {
        var object = JSONObject()
        object["kind"] = .text(finding.kind == .forked ? "forked" : "tampered")
        object["first_event"] = finding.events.map { .unsigned($0.lowerBound) }
        object["last_event"] = finding.events.map { .unsigned($0.upperBound) }
        object["text"] = .text(finding.text)
        return .object(object)
    }
}
