import ArgumentParser
import Registry
import Winsock

/// What a record says.
struct Decode: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the fields of a protocol info, by name and with their meaning.",
        discussion: "The form, A or W, is told by the size. The secret of the ticket is masked.")

    @Argument(help: "The file with the record, or - for standard input.")
    var file = "-"

    @Flag(help: "The record is base64 text.")
    var base64 = false

    @OptionGroup var document: DocumentOptions

    func run() throws {
        let bytes = try InputBytes.read(file, isBase64: base64)
        let record = try Self.fields(of: bytes)
        let output = Output.standard()
        switch document.format {
        case .json: try output.write(line: record.json.description)
        case .short: for line in record.lines { try output.write(line: line) }
        }
        try output.flush()
    }

    static func fields(of bytes: [UInt8]) throws(CommandFailure) -> RecordFields {
        do throws(ProtocolInfoError) {
            let info = try ProtocolInfo(bytes)
            let isWide = bytes.count == ProtocolInfo.Form.wide.byteCount
            return RecordFields(info, form: isWide ? .wide : .ansi)
        } catch {
            throw CommandFailure(refusal: .malformedRecord, message: error.description)
        }
    }
}
