/// What makes a protocol info redeemable: the handoff's number and the secret that proves it.
///
/// It travels in four words that Winsock leaves to the provider:
///
///     dwProviderReserved   low 32 bits of the handoff number
///     dwServiceFlags2      high 32 bits of the handoff number
///     dwServiceFlags3      low 32 bits of the secret
///     dwServiceFlags4      high 32 bits of the secret
///
/// A record whose four words are all zero carries none: it is a plain catalog record.
/// Winsock: WSADuplicateSocket.
public struct Ticket: Sendable, Hashable, CustomStringConvertible {
    public var handoff: UInt64
    public var secret: UInt64

    /// Handoff and secret must not both be zero where the ticket is to be found again.
    public init(handoff: UInt64, secret: UInt64) {
        self.handoff = handoff
        self.secret = secret
    }

    /// The ticket of an encoded record of either form, without decoding or allocating. Nil when
    /// there is none, or when the bytes are too few to be a record.
    public init?(record bytes: borrowing Span<UInt8>) {
        guard bytes.count >= ProtocolInfo.prefixByteCount else { return nil }
        self.init(
            providerReserved: bytes.word(at: FieldOffset.providerReserved),
            serviceFlags2: bytes.word(at: FieldOffset.serviceFlags2),
            serviceFlags3: bytes.word(at: FieldOffset.serviceFlags3),
            serviceFlags4: bytes.word(at: FieldOffset.serviceFlags4))
    }

    init?(
        providerReserved: UInt32, serviceFlags2: UInt32, serviceFlags3: UInt32,
        serviceFlags4: UInt32
    ) {
        handoff = UInt64(serviceFlags2) << 32 | UInt64(providerReserved)
        secret = UInt64(serviceFlags4) << 32 | UInt64(serviceFlags3)
        if handoff == 0 && secret == 0 { return nil }
    }

    /// Names the handoff; the secret is left out, so that a ticket can be printed.
    public var description: String {
        "handoff \(handoff), secret hidden"
    }

    var providerReserved: UInt32 { UInt32(truncatingIfNeeded: handoff) }
    var serviceFlags2: UInt32 { UInt32(truncatingIfNeeded: handoff >> 32) }
    var serviceFlags3: UInt32 { UInt32(truncatingIfNeeded: secret) }
    var serviceFlags4: UInt32 { UInt32(truncatingIfNeeded: secret >> 32) }

    /// Writes the four words into an encoded record of either form.
    func write(to record: inout [UInt8]) {
        record.setWord(providerReserved, at: FieldOffset.providerReserved)
        record.setWord(serviceFlags2, at: FieldOffset.serviceFlags2)
        record.setWord(serviceFlags3, at: FieldOffset.serviceFlags3)
        record.setWord(serviceFlags4, at: FieldOffset.serviceFlags4)
    }
}
