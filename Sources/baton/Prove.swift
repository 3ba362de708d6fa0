import ArgumentParser
import Evidence
import Journal
import Transport

/// The proof that one event is in the log.
struct Prove: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the proof that an event is in the log, as a C2SP tlog-proof.",
        discussion: """
            Whoever has the log's key verifies it with the event's body alone. The event's number \
            is printed by history and show; of a handoff it is the handoff's own.
            """)

    @Argument(help: "The event's number.", transform: HistoryFilters.number)
    var event: UInt64

    @Option(
        name: [.customShort("f"), .customLong("file")],
        help: "A new file for the proof, instead of standard output.")
    var file: String?

    @OptionGroup var common: CommonOptions

    func run() throws {
        let proof = try Self.proof(of: event, try common.reader())
        let bytes = Array(proof.description.utf8)
        guard let file else {
            let output = Output.standard()
            try output.write(bytes)
            return try output.flush()
        }
        try NewFile.write(bytes, to: file, mode: 0o644)
    }

    static func proof(of event: UInt64, _ reader: LogReader) throws -> EventProof {
        guard try event < reader.eventCount() else {
            throw CommandFailure(status: .refused, message: "there is no event \(event)")
        }
        guard let proof = try reader.proof(of: event) else {
            throw CommandFailure(
                status: .incomplete, message: "no checkpoint covers event \(event) yet",
                hint: "the coordinator signs once a second while there is something to sign")
        }
        let keys = try reader.signingKeys()
        guard let body = try reader.bodies(from: event, below: event + 1).first,
            keys.contains(where: { proof.proves(body, by: $0) })
        else {
            throw CommandFailure(
                status: .damaged, message: "event \(event) cannot be proved by its checkpoint",
                hint: "see baton verify, which names what is not as it was signed")
        }
        return proof
    }
}

/// The newest signed checkpoint.
struct PrintCheckpoint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Print the newest signed checkpoint, or another one.",
        discussion: """
            Kept elsewhere, it is what baton verify --since-checkpoint compares the log with.
            """)

    @Option(
        help: "Of a checkpoint, counted from 0, instead of the newest.",
        transform: HistoryFilters.number)
    var number: UInt64?

    @OptionGroup var common: CommonOptions

    func run() throws {
        let reader = try common.reader()
        if let number {
            guard let checkpoint = try reader.checkpoint(number: number) else {
                throw CommandFailure(status: .refused, message: "there is no checkpoint \(number)")
            }
            return try Self.write(checkpoint)
        }
        guard let checkpoint = try reader.checkpoint() else {
            throw CommandFailure(
                status: .incomplete, message: "there is no checkpoint yet",
                hint: "the coordinator signs the first one when it starts")
        }
        try Self.write(checkpoint)
    }

    private static func write(_ checkpoint: StoredCheckpoint) throws {
        let output = Output.standard()
        try output.write(Array(checkpoint.note.description.utf8))
        try output.flush()
    }
}
