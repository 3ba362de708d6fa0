/// Recorded network events, each with its code. Winsock: WSANETWORKEVENTS.
///
/// ```
/// offset 0   lNetworkEvents, 4 bytes
/// offset 4   iErrorCode[10], 4 bytes each, by the number of the event's bit
/// ```
package struct NetworkEventRecord: Sendable, Hashable {
    /// The size of the encoded record.
    package static let byteCount = 44

    package private(set) var events: NetworkEvents = []
    private var codes = [WSAError?](repeating: nil, count: NetworkEvents.count)

    package init() {}

    package var isEmpty: Bool { events.isEmpty }

    /// The events one by one, in the order of their bits, with their codes; nil is 0, no error.
    package var entries: [(event: NetworkEvents, code: WSAError?)] {
        codes.indices.compactMap { bit in
            let event = NetworkEvents(rawValue: 1 << UInt32(bit))
            return events.contains(event) ? (event, codes[bit]) : nil
        }
    }

    /// The code of one event; nil, no error, also when it is not recorded.
    package func code(of event: NetworkEvents) -> WSAError? {
        entries.first { $0.event == event }?.code
    }

    /// Writes the record over an encoded one of 44 bytes. Of the codes only those of events that
    /// are recorded are written. Winsock: WSAEnumNetworkEvents.
    package func write(over bytes: inout [UInt8]) {
        precondition(bytes.count == Self.byteCount, "The record has 44 bytes.")
        bytes.setWord(events.rawValue, at: 0)
        for (event, code) in entries {
            let bit = event.rawValue.trailingZeroBitCount
            bytes.setSignedWord(code?.rawValue ?? 0, at: 4 + 4 * bit)
        }
    }

    /// lParam of the message for one event: the event below, its code above, 16 bits each.
    /// Winsock: WSAAsyncSelect, WSAGETSELECTEVENT, WSAGETSELECTERROR.
    package static func messageParameter(event: NetworkEvents, code: WSAError?) -> UInt32 {
        event.rawValue & 0xFFFF | UInt32(bitPattern: code?.rawValue ?? 0) << 16
    }

    /// Adds one event; a second record of the same event replaces its code.
    mutating func insert(_ event: NetworkEvents, code: WSAError?) {
        events.insert(event)
        codes[event.rawValue.trailingZeroBitCount] = code
    }

    /// Adds all of another record.
    mutating func formUnion(_ other: NetworkEventRecord) {
        for (event, code) in other.entries { insert(event, code: code) }
    }
}
