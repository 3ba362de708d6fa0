/// A code that WSAGetLastError gives. Unknown numbers are kept as they are.
///
/// Winsock: Windows Sockets Error Codes.
public struct WSAError: Error, RawRepresentable, Hashable, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// Every known code, in the order of their numbers.
    public static let all: [WSAError] = entries.map(\.error)

    /// The C spelling, such as `WSAEINVAL`; `WSA 12345` for a number without one.
    public var name: String {
        entry?.name ?? "WSA \(rawValue)"
    }

    /// One sentence: what the code means and what to do about it.
    public var meaning: String {
        entry?.meaning ?? "This is not a Winsock code; look the number up where it came from."
    }

    private var entry: Entry? {
        Self.entryByNumber[rawValue]
    }

    private static let entries = basicEntries + qualityOfServiceEntries

    private static let entryByNumber: [Int32: Entry] = Dictionary(
        uniqueKeysWithValues: entries.map { ($0.error.rawValue, $0) })

    /// One row of the tables.
    struct Entry: Sendable {
        let error: WSAError
        let name: String
        let meaning: String

        init(_ error: WSAError, _ name: String, _ meaning: String) {
            self.error = error
            self.name = name
            self.meaning = meaning
        }
    }
}

extension WSAError: CustomStringConvertible {
    /// Name, number and meaning in one line.
    public var description: String {
        "\(name) (\(rawValue)): \(meaning)"
    }
}
