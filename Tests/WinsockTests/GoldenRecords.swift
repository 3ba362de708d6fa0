import Winsock

/// Records written out by hand from the published layout, byte by byte, so that they owe nothing
/// to the code they judge.
enum Golden {
    static let ticket = Ticket(handoff: 0x0123_4567_89AB_CDEF, secret: 0xFEDC_BA98_7654_3210)

    static let name = Array("MSAFD Tcpip [TCP/IP]".utf8)

    static func tcp(_ form: ProtocolInfo.Form, withTicket: Bool) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: form == .ansi ? 372 : 628)
        put([0x66, 0x00, 0x02, 0x00], at: 0, in: &bytes)  // dwServiceFlags1 0x20066
        put([0x08, 0x00, 0x00, 0x00], at: 16, in: &bytes)  // dwProviderFlags 8
        put([0xA0, 0x1A, 0x0F, 0xE7, 0x8B, 0xAB, 0xCF, 0x11], at: 20, in: &bytes)  // ProviderId
        put([0x8C, 0xA3, 0x00, 0x80, 0x5F, 0x48, 0xA1, 0x92], at: 28, in: &bytes)
        put([0xE9, 0x03, 0x00, 0x00], at: 36, in: &bytes)  // dwCatalogEntryId 1001
        put([0x01, 0x00, 0x00, 0x00], at: 40, in: &bytes)  // ProtocolChain.ChainLen
        put([0x02, 0x00, 0x00, 0x00], at: 72, in: &bytes)  // iVersion
        put([0x02, 0x00, 0x00, 0x00], at: 76, in: &bytes)  // iAddressFamily AF_INET
        put([0x10, 0x00, 0x00, 0x00], at: 80, in: &bytes)  // iMaxSockAddr
        put([0x10, 0x00, 0x00, 0x00], at: 84, in: &bytes)  // iMinSockAddr
        put([0x01, 0x00, 0x00, 0x00], at: 88, in: &bytes)  // iSocketType SOCK_STREAM
        put([0x06, 0x00, 0x00, 0x00], at: 92, in: &bytes)  // iProtocol IPPROTO_TCP
        if withTicket {
            put([0x67, 0x45, 0x23, 0x01], at: 4, in: &bytes)  // dwServiceFlags2
            put([0x10, 0x32, 0x54, 0x76], at: 8, in: &bytes)  // dwServiceFlags3
            put([0x98, 0xBA, 0xDC, 0xFE], at: 12, in: &bytes)  // dwServiceFlags4
            put([0xEF, 0xCD, 0xAB, 0x89], at: 112, in: &bytes)  // dwProviderReserved
        }
        for (index, character) in name.enumerated() {
            bytes[116 + (form == .ansi ? index : 2 * index)] = character
        }
        return bytes
    }

    /// A record in which every field of the prefix holds a number of its own.
    static func distinct(_ form: ProtocolInfo.Form) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: form == .ansi ? 372 : 628)
        for offset in 0..<116 {
            bytes[offset] = UInt8(offset + 1)
        }
        bytes[116] = UInt8(ascii: "n")
        return bytes
    }

    static func put(_ field: [UInt8], at offset: Int, in bytes: inout [UInt8]) {
        bytes.replaceSubrange(offset..<(offset + field.count), with: field)
    }
}
