// WSAPROTOCOL_INFO. All numbers are 32-bit and little-endian; there is no padding.
//
//     offset  size  field                  offset  size  field
//          0     4  dwServiceFlags1            84     4  iMinSockAddr
//          4     4  dwServiceFlags2            88     4  iSocketType
//          8     4  dwServiceFlags3            92     4  iProtocol
//         12     4  dwServiceFlags4            96     4  iProtocolMaxOffset
//         16     4  dwProviderFlags           100     4  iNetworkByteOrder
//         20    16  ProviderId                104     4  iSecurityScheme
//         36     4  dwCatalogEntryId          108     4  dwMessageSize
//         40     4  ProtocolChain length      112     4  dwProviderReserved
//         44    28  ProtocolChain entries     116   256  szProtocol of A; total 372
//         72     4  iVersion                  116   512  szProtocol of W; total 628
//         76     4  iAddressFamily
//         80     4  iMaxSockAddr

/// Where the fields of an encoded record begin.
enum FieldOffset {
    static let serviceFlags1 = 0
    static let serviceFlags2 = 4
    static let serviceFlags3 = 8
    static let serviceFlags4 = 12
    static let providerFlags = 16
    static let providerID = 20
    static let catalogEntryID = 36
    static let chainLength = 40
    static let chainEntries = 44
    static let version = 72
    static let addressFamily = 76
    static let maximumAddressByteCount = 80
    static let minimumAddressByteCount = 84
    static let socketType = 88
    static let protocolNumber = 92
    static let protocolMaximumOffset = 96
    static let byteOrder = 100
    static let securityScheme = 104
    static let messageByteCount = 108
    static let providerReserved = 112
    static let name = 116
}

extension ProtocolInfo {
    /// Decodes a record whose size tells its form: 372 bytes are A, 628 are W.
    public init(_ bytes: [UInt8]) throws(ProtocolInfoError) {
        guard let form = Form.allCases.first(where: { $0.byteCount == bytes.count }) else {
            throw .wrongByteCount(bytes.count)
        }
        try self.init(bytes, form: form)
    }

    /// Decodes a record of a known form. What follows the name's NUL is ignored.
    public init(_ bytes: [UInt8], form: Form) throws(ProtocolInfoError) {
        guard bytes.count == form.byteCount else {
            let isOtherForm = Form.allCases.contains { $0.byteCount == bytes.count }
            throw isOtherForm ? .otherForm(expected: form) : .wrongByteCount(bytes.count)
        }
        self.init()
        serviceFlags1 = ServiceFlags(rawValue: bytes.word(at: FieldOffset.serviceFlags1))
        serviceFlags2 = bytes.word(at: FieldOffset.serviceFlags2)
        serviceFlags3 = bytes.word(at: FieldOffset.serviceFlags3)
        serviceFlags4 = bytes.word(at: FieldOffset.serviceFlags4)
        providerFlags = ProviderFlags(rawValue: bytes.word(at: FieldOffset.providerFlags))
        providerID = GUID(bytes, at: FieldOffset.providerID)
        catalogEntryID = bytes.word(at: FieldOffset.catalogEntryID)
        protocolChain = ProtocolChain(
            length: bytes.signedWord(at: FieldOffset.chainLength),
            entries: [7 of UInt32] { bytes.word(at: FieldOffset.chainEntries + 4 * $0) })
        version = bytes.signedWord(at: FieldOffset.version)
        addressFamily = bytes.signedWord(at: FieldOffset.addressFamily)
        maximumAddressByteCount = bytes.signedWord(at: FieldOffset.maximumAddressByteCount)
        minimumAddressByteCount = bytes.signedWord(at: FieldOffset.minimumAddressByteCount)
        socketType = bytes.signedWord(at: FieldOffset.socketType)
        protocolNumber = bytes.signedWord(at: FieldOffset.protocolNumber)
        protocolMaximumOffset = bytes.signedWord(at: FieldOffset.protocolMaximumOffset)
        byteOrder = bytes.signedWord(at: FieldOffset.byteOrder)
        securityScheme = bytes.signedWord(at: FieldOffset.securityScheme)
        messageByteCount = bytes.word(at: FieldOffset.messageByteCount)
        providerReserved = bytes.word(at: FieldOffset.providerReserved)
        name = try Self.decodedName(bytes, form: form)
    }

    /// The record as bytes, 372 or 628 of them.
    ///
    /// The name is written up to its first NUL and cut to the 255 bytes or units the form has
    /// room for, never inside a character's encoding. In the A form every character outside
    /// ASCII becomes `?`, as Windows does for what the code page lacks, so A keeps the name only
    /// of what is ASCII; W keeps all.
    public func encoded(as form: Form) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: form.byteCount)
        bytes.setWord(serviceFlags1.rawValue, at: FieldOffset.serviceFlags1)
        bytes.setWord(serviceFlags2, at: FieldOffset.serviceFlags2)
        bytes.setWord(serviceFlags3, at: FieldOffset.serviceFlags3)
        bytes.setWord(serviceFlags4, at: FieldOffset.serviceFlags4)
        bytes.setWord(providerFlags.rawValue, at: FieldOffset.providerFlags)
        providerID.write(to: &bytes, at: FieldOffset.providerID)
        bytes.setWord(catalogEntryID, at: FieldOffset.catalogEntryID)
        bytes.setSignedWord(protocolChain.length, at: FieldOffset.chainLength)
        for index in protocolChain.entries.indices {
            bytes.setWord(protocolChain.entries[index], at: FieldOffset.chainEntries + 4 * index)
        }
        bytes.setSignedWord(version, at: FieldOffset.version)
        bytes.setSignedWord(addressFamily, at: FieldOffset.addressFamily)
        bytes.setSignedWord(maximumAddressByteCount, at: FieldOffset.maximumAddressByteCount)
        bytes.setSignedWord(minimumAddressByteCount, at: FieldOffset.minimumAddressByteCount)
        bytes.setSignedWord(socketType, at: FieldOffset.socketType)
        bytes.setSignedWord(protocolNumber, at: FieldOffset.protocolNumber)
        bytes.setSignedWord(protocolMaximumOffset, at: FieldOffset.protocolMaximumOffset)
        bytes.setSignedWord(byteOrder, at: FieldOffset.byteOrder)
        bytes.setSignedWord(securityScheme, at: FieldOffset.securityScheme)
        bytes.setWord(messageByteCount, at: FieldOffset.messageByteCount)
        bytes.setWord(providerReserved, at: FieldOffset.providerReserved)
        writeName(to: &bytes, form: form)
        return bytes
    }
}
