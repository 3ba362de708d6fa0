import Winsock

/// A protocol info taken apart for people and programs, without the ticket's secret.
struct RecordFields {
    /// One field by its C name.
    struct Field {
        var name: String
        /// As it stands in the record.
        var value: String
        /// What it means; empty where the value says it all.
        var meaning = ""
        var json: JSONValue
    }

    let fields: [Field]
    let ticket: Ticket?
    let form: ProtocolInfo.Form

    init(_ info: ProtocolInfo, form: ProtocolInfo.Form) {
        self.form = form
        ticket = info.ticket
        fields = Self.words(info) + Self.protocolFields(info) + Self.limits(info)
    }

    /// Aligned lines for a person.
    var lines: [String] {
        let ticketText = ticket.map { "handoff \($0.handoff), secret ****" }
        let rows =
            [("form", "\(form.letter), \(form.byteCount) bytes", "")]
            + fields.map { ($0.name, $0.value, $0.meaning) }
            + [("ticket", ticketText ?? "none: a plain catalog record", "")]
        let nameWidth = rows.map { $0.0.count }.max() ?? 0
        let short = rows.filter { !$0.2.isEmpty }.map { $0.1.count }
        let valueWidth = short.max() ?? 0
        return rows.map { name, value, meaning in
            let start = PrintableText.padded(name, to: nameWidth) + "  "
            guard !meaning.isEmpty else { return start + value }
            return start + PrintableText.padded(value, to: valueWidth) + "  " + meaning
        }
    }

    var json: JSONValue {
        var object = JSONObject()
        object["form"] = .text(form.letter)
        object["bytes"] = .integer(Int64(form.byteCount))
        for field in fields { object[field.name] = field.json }
        object["ticket"] = ticket.map { ticket in
            .object(
                JSONObject([
                    ("handoff", JSONValue(exact: ticket.handoff)), ("secret", .text("****")),
                ]))
        }
        return .object(object)
    }

    // MARK: - The fields, in the order of the record

    private static func words(_ info: ProtocolInfo) -> [Field] {
        let isPlain = info.ticket == nil
        return [
            flags("dwServiceFlags1", info.serviceFlags1.rawValue, info.serviceFlags1.names),
            word("dwServiceFlags2", info.serviceFlags2, isPlain ? "" : "handoff number, high"),
            secret("dwServiceFlags3", isPlain: isPlain),
            secret("dwServiceFlags4", isPlain: isPlain),
            flags("dwProviderFlags", info.providerFlags.rawValue, info.providerFlags.names),
            Field(
                name: "ProviderId", value: "\(info.providerID)",
                json: .text("\(info.providerID)")),
            number(
                "dwCatalogEntryId", Int64(info.catalogEntryID),
                Catalog.entry(id: info.catalogEntryID)?.info.name ?? "not in the catalog"),
            chain(info.protocolChain),
        ]
    }

    private static func protocolFields(_ info: ProtocolInfo) -> [Field] {
        [
            number("iVersion", info.version),
            number("iAddressFamily", info.addressFamily, familyName(info.addressFamily)),
            number("iMaxSockAddr", info.maximumAddressByteCount, "bytes"),
            number("iMinSockAddr", info.minimumAddressByteCount, "bytes"),
            number("iSocketType", info.socketType, typeName(info.socketType)),
            number("iProtocol", info.protocolNumber, protocolName(info)),
            number("iProtocolMaxOffset", info.protocolMaximumOffset),
        ]
    }

    private static func limits(_ info: ProtocolInfo) -> [Field] {
        let isPlain = info.ticket == nil
        let name = PrintableText.escaped(info.name)
        return [
            number("iNetworkByteOrder", info.byteOrder, byteOrderName(info.byteOrder)),
            number(
                "iSecurityScheme", info.securityScheme,
                info.securityScheme == SecurityScheme.none ? "SECURITY_PROTOCOL_NONE" : ""),
            number(
                "dwMessageSize", Int64(info.messageByteCount),
                messageSizeMeaning(info.messageByteCount)),
            word("dwProviderReserved", info.providerReserved, isPlain ? "" : "handoff number, low"),
            Field(name: "szProtocol", value: "\"\(name)\"", json: .text(info.name)),
        ]
    }

    private static func flags(_ name: String, _ raw: UInt32, _ names: [String]) -> Field {
        Field(
            name: name, value: hexadecimal(raw), meaning: names.joined(separator: " | "),
            json: .array(names.map { .text($0) }))
    }

    private static func word(_ name: String, _ raw: UInt32, _ meaning: String) -> Field {
        Field(name: name, value: hexadecimal(raw), meaning: meaning, json: .unsigned(UInt64(raw)))
    }

    /// A word of the secret, which is zero in a plain record and hidden in every other.
    private static func secret(_ name: String, isPlain: Bool) -> Field {
        isPlain
            ? word(name, 0, "")
            : Field(name: name, value: "****", meaning: "secret", json: .text("****"))
    }

    private static func number(
        _ name: String, _ value: some FixedWidthInteger, _ meaning: String = ""
    ) -> Field {
        Field(name: name, value: "\(value)", meaning: meaning, json: .integer(Int64(value)))
    }

    private static func chain(_ chain: ProtocolChain) -> Field {
        var entries: [JSONValue] = []
        for index in chain.entries.indices {
            entries.append(.unsigned(UInt64(chain.entries[index])))
        }
        let meaning =
            switch chain.length {
            case ProtocolChain.layeredProtocol: "LAYERED_PROTOCOL"
            case ProtocolChain.baseProtocol: "BASE_PROTOCOL"
            case 2...Int32(ProtocolChain.maximumLength):
                "of entries "
                    + entries.prefix(Int(chain.length)).map(\.description)
                    .joined(separator: ", ")
            default: "not a length"
            }
        return Field(
            name: "ProtocolChain", value: "\(chain.length)", meaning: meaning,
            json: .object(
                JSONObject([
                    ("ChainLen", .integer(Int64(chain.length))), ("ChainEntries", .array(entries)),
                ])))
    }

    // MARK: - What numbers mean

    private static func familyName(_ number: Int32) -> String {
        switch AddressFamily(rawValue: number) {
        case .unix: "AF_UNIX"
        case .internet: "AF_INET"
        case .internet6: "AF_INET6"
        case nil: "not a family that can be handed over"
        }
    }

    private static func typeName(_ number: Int32) -> String {
        switch SocketType(rawValue: number) {
        case .stream: "SOCK_STREAM"
        case .datagram: "SOCK_DGRAM"
        case .raw: "SOCK_RAW"
        case .reliablyDeliveredMessage: "SOCK_RDM"
        case .sequencedPacket: "SOCK_SEQPACKET"
        case nil: "not a type of socket"
        }
    }

    private static func protocolName(_ info: ProtocolInfo) -> String {
        if info.addressFamily == AddressFamily.unix.rawValue { return "" }
        return switch info.protocolNumber {
        case ProtocolNumber.controlMessages: "IPPROTO_ICMP"
        case ProtocolNumber.transmissionControl: "IPPROTO_TCP"
        case ProtocolNumber.userDatagram: "IPPROTO_UDP"
        case ProtocolNumber.controlMessages6: "IPPROTO_ICMPV6"
        default: ""
        }
    }

    private static func byteOrderName(_ number: Int32) -> String {
        switch number {
        case ByteOrder.bigEndian: "BIGENDIAN"
        case ByteOrder.littleEndian: "LITTLEENDIAN"
        default: "not a byte order"
        }
    }

    private static func messageSizeMeaning(_ size: UInt32) -> String {
        switch size {
        case MessageByteCount.stream: "a stream, which has no messages"
        case MessageByteCount.knownWhenBound: "known once the socket is bound"
        case MessageByteCount.unlimited: "no limit"
        default: "bytes"
        }
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
