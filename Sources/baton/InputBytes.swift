import Evidence
import Transport

/// A record from a file or from standard input.
enum InputBytes {
    /// Much more than a record has, in base64 too: what is longer is no record, and cut.
    static let limit = 65_536

    /// - Parameter name: a path, or `-` for standard input.
    static func read(_ name: String, isBase64: Bool) throws(CommandFailure) -> [UInt8] {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try contents(name)
        } catch {
            let source = name == "-" ? "standard input" : PrintableText.escaped(name)
            throw .unreachable(
                "cannot read \(source): \(error)",
                hint: "name the file that holds the record, or - for standard input")
        }
        guard isBase64 else { return bytes }
        guard let decoded = decoded(bytes) else {
            throw .usage(
                "the input is not base64", hint: "leave --base64 out if the record is binary")
        }
        return decoded
    }

    /// Nil for what is not base64. Mail and forms break its lines.
    static func decoded(_ text: [UInt8]) -> [UInt8]? {
        Base64.bytes(String(decoding: text.filter { !blanks.contains($0) }, as: UTF8.self))
    }

    private static let blanks = Array(" \t\r\n".utf8)

    private static func contents(_ name: String) throws(Errno) -> [UInt8] {
        if name == "-" { return try StandardStream.input.read(limit: limit) }
        do throws(Errno) {
            return try SystemFiles.readFile(name, limit: limit)
        } catch .fileTooLarge {
            return [UInt8](repeating: 0, count: limit)
        }
    }
}
