/// Why bytes are not a protocol info. A program that passes them gets WSAEINVAL.
public enum ProtocolInfoError: Error, Equatable, Sendable {
    /// The size is that of neither form.
    case wrongByteCount(Int)
    /// The size is that of the other form: an A record where a W record is due, or the reverse.
    case otherForm(expected: ProtocolInfo.Form)
    /// The name fills its room without a NUL.
    case nameNotTerminated
    /// The name is not UTF-8 (A) or not UTF-16 (W); the offset is the byte's in the record.
    case nameNotText(atOffset: Int)
}

extension ProtocolInfoError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .wrongByteCount(let count):
            "a protocol info has 372 bytes (A) or 628 bytes (W), this one has \(count)"
        case .otherForm(let expected):
            "expected the \(expected.letter) form of a protocol info, \(expected.byteCount) "
                + "bytes, and got the other form"
        case .nameNotTerminated:
            "the name of a protocol info ends with a NUL after at most 255 characters, "
                + "this one does not end"
        case .nameNotText(let offset):
            "the name of a protocol info is UTF-8 (A) or UTF-16 (W) text, "
                + "the byte at offset \(offset) is not"
        }
    }
}
