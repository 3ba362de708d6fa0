// Frames between a client and the coordinator, one in each SOCK_SEQPACKET message. All numbers are
// little-endian. The first 16 bytes are the same in every frame:
//
//   0  u8   0x42
//   1  u8   version, 1
//   2  u8   kind
//   3  u8   0
//   4  u32  byte count of the whole frame
//   8  u64  counter: of the request in the client's instance, from 1, and echoed in its answer;
//           0 in frames that get no answer
//
// Requests (client to coordinator), after the header:
//
//   1 startup    16 u64 nonce, not 0 · 24 u8 role · 25 u8 lowest, 26 u8 highest version spoken
//   2 duplicate  16 u64 watermark · 24 i64 pid, 0 with a pidfd · 32 u64 lifetime in µs, 0 for none
//                40 u32 flags · 44 u8 form · 45 u8 1 when a pidfd follows the socket
//                with the socket, then the pidfd
//   3 redeem     16 u64 watermark · 24 u32 flags · 28 u16 byte count of the record
//                30 u16 byte count of the program's name · 32 record · name
//   4 confirm    16 u64 handoff · 24 u64 cookie · 32 u32 attempt
//   5 decline    16 u64 handoff · 24 u32 attempt · 28 u8 reason
//   6 close      16 u64 cookie · 24 u8 how
//   7 revoke     16 u64 watermark · 24 u64 handoff · 32 u16 byte count of the text · 34 text
//   8 mark       16 u64 watermark · 24 u16 byte count of the text · 26 text; with the socket
//   9 status     nothing
//  10 select     16 u64 watermark · 24 u32 mask of network events, 0 to cancel; with the socket
//  11 resume     16 u64 cookie · 24 u64 registration, not 0
//  20 reconcile  nothing
//  21 receipt    16 u64 handoff
//
// Answers (coordinator to client), after the header:
//
//  16 u64 how many of the connection's frames without an answer are durable
//   1 welcome    24 u64 epoch · 32 i32 pid · 36 u8 version
//   2 record     24 u64 handoff · 32 u8 1 when repeated · 33 record to the end
//   3 grant      24 u64 handoff · 32 u32 attempt · 36 u8 notes; with the socket
//   4 done       nothing
//   5 refusal    24 u64 handoff or 0 · 32 i32 WSA code · 36 u16 reason
//   6 report     24 text to the end, one key=value a line
//   7 selected   24 u64 registration
//   8 cancelled  24 u64 cookie of the socket whose registration has ended; pushed with counter 0,
//                  and the answer to a resume that comes too late
//
// Descriptors that a frame should not carry make it malformed; so does any byte too many or too
// few.

/// What all frames have in common.
package enum Frame {
    package static let version: UInt8 = 1
    static let magic: UInt8 = 0x42
    static let headerByteCount = 16
    static let answerHeaderByteCount = 24
    /// The longest frame. A redeem with the longest program name takes 1,684 bytes; the rest is
    /// room for the status report.
    package static let byteCountMaximum = 4096
}

/// Why a frame cannot be read.
package enum FrameError: Error, Equatable, Sendable {
    case wrongByteCount
    case wrongMagic
    case unsupportedVersion(UInt8)
    case unknownKind(UInt8)
    case invalidField
}

extension Span<UInt8> {
    /// The little-endian number at `offset`. The caller has checked the byte count.
    borrowing func number<T: FixedWidthInteger>(at offset: Int, as type: T.Type = T.self) -> T {
        var value: T = 0
        for index in stride(from: T.bitWidth / 8 - 1, through: 0, by: -1) {
            value = (value << 8) | T(truncatingIfNeeded: self[offset + index])
        }
        return value
    }

    /// The text in these bytes; an error when it is not UTF-8.
    borrowing func text(at offset: Int, count: Int) throws(FrameError) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for index in offset..<offset + count { bytes.append(self[index]) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FrameError.invalidField
        }
        return text
    }

    /// Checks what all frames have in common, and returns kind and counter.
    borrowing func header() throws(FrameError) -> (kind: UInt8, counter: UInt64) {
        guard count >= Frame.headerByteCount, count <= Frame.byteCountMaximum else {
            throw .wrongByteCount
        }
        guard self[0] == Frame.magic else { throw .wrongMagic }
        guard self[1] == Frame.version else { throw .unsupportedVersion(self[1]) }
        guard self[3] == 0 else { throw .invalidField }
        guard number(at: 4, as: UInt32.self) == UInt32(count) else { throw .wrongByteCount }
        return (self[2], number(at: 8))
    }
}

extension [UInt8] {
    mutating func append<T: FixedWidthInteger>(littleEndian value: T) {
        for shift in stride(from: 0, to: T.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Starts a frame in an empty buffer; `finishFrame` fills in the byte count.
    mutating func startFrame(kind: UInt8, counter: UInt64) {
        removeAll(keepingCapacity: true)
        self += [Frame.magic, Frame.version, kind, 0, 0, 0, 0, 0]
        append(littleEndian: counter)
    }

    mutating func finishFrame() {
        precondition(count <= Frame.byteCountMaximum, "a frame has at most 4096 bytes")
        for index in 0..<4 { self[4 + index] = UInt8(truncatingIfNeeded: count >> (8 * index)) }
    }
}
