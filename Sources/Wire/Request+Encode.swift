package import Registry
import Winsock

// Requests are written into a buffer that the caller keeps, so that a client allocates nothing for
// each message.
extension Request {
    package static func encode(_ startup: Startup, into frame: inout [UInt8]) {
        frame.startFrame(kind: Kind.startup.rawValue, counter: startup.counter)
        frame.append(littleEndian: startup.nonce)
        frame += [startup.role.rawValue, startup.versions.lowerBound, startup.versions.upperBound]
        frame.finishFrame()
    }

    package static func encode(_ duplicate: Duplicate, into frame: inout [UInt8]) {
        frame.startFrame(kind: Kind.duplicate.rawValue, counter: duplicate.counter)
        frame.append(littleEndian: duplicate.watermark)
        frame.append(littleEndian: duplicate.pid)
        frame.append(littleEndian: duplicate.lifetime ?? 0)
        frame.append(littleEndian: duplicate.flags)
        frame += [duplicate.form.rawValue, duplicate.hasPidfd ? 1 : 0]
        frame.finishFrame()
    }

    /// `record` may have any length up to 2,000 bytes: the coordinator refuses what is no record.
    package static func encodeRedeem(
        counter: UInt64, watermark: UInt64, flags: UInt32, record: [UInt8], program: String?,
        into frame: inout [UInt8]
    ) {
        let name = Array((program ?? "").utf8)
        precondition(record.count <= recordByteCountMaximum, "the record fits into a frame")
        precondition(name.count <= Limits.textByteCount, "the program's name fits into a frame")
        frame.startFrame(kind: Kind.redeem.rawValue, counter: counter)
        frame.append(littleEndian: watermark)
        frame.append(littleEndian: flags)
        frame.append(littleEndian: UInt16(record.count))
        frame.append(littleEndian: UInt16(name.count))
        frame += record
        frame += name
        frame.finishFrame()
    }

    /// What is longer is no record, and need not be sent as a whole to be refused.
    package static let recordByteCountMaximum = 2000

    package static func encodeConfirm(
        handoff: HandoffNumber, attempt: UInt32, cookie: UInt64, into frame: inout [UInt8]
    ) {
        frame.startFrame(kind: Kind.confirm.rawValue, counter: 0)
        frame.append(littleEndian: handoff)
        frame.append(littleEndian: cookie)
        frame.append(littleEndian: attempt)
        frame.finishFrame()
    }

    package static func encodeDecline(
        handoff: HandoffNumber, attempt: UInt32, reason: DeliveryFailure,
        into frame: inout [UInt8]
    ) {
        frame.startFrame(kind: Kind.decline.rawValue, counter: 0)
        frame.append(littleEndian: handoff)
        frame.append(littleEndian: attempt)
        frame.append(reason.wire)
        frame.finishFrame()
    }

    package static func encodeClose(
        cookie: UInt64, how: CloseProof, into frame: inout [UInt8]
    ) {
        frame.startFrame(kind: Kind.close.rawValue, counter: 0)
        frame.append(littleEndian: cookie)
        frame.append(how.wire)
        frame.finishFrame()
    }

    package static func encodeRevoke(
        counter: UInt64, watermark: UInt64, handoff: HandoffNumber, text: String,
        into frame: inout [UInt8]
    ) {
        frame.startFrame(kind: Kind.revoke.rawValue, counter: counter)
        frame.append(littleEndian: watermark)
        frame.append(littleEndian: handoff)
        frame.append(counted: text)
        frame.finishFrame()
    }

    package static func encodeMark(
        counter: UInt64, watermark: UInt64, quality: String, into frame: inout [UInt8]
    ) {
        frame.startFrame(kind: Kind.mark.rawValue, counter: counter)
        frame.append(littleEndian: watermark)
        frame.append(counted: quality)
        frame.finishFrame()
    }

    /// `mask` has no bits but those of `NetworkEvents.all`.
    package static func encodeSelect(
        counter: UInt64, watermark: UInt64, mask: UInt32, into frame: inout [UInt8]
    ) {
        precondition(mask & ~NetworkEvents.all.rawValue == 0, "the caller knows the network events")
        frame.startFrame(kind: Kind.select.rawValue, counter: counter)
        frame.append(littleEndian: watermark)
        frame.append(littleEndian: mask)
        frame.finishFrame()
    }

    package static func encodeResume(
        counter: UInt64, cookie: UInt64, registration: RegistrationNumber,
        into frame: inout [UInt8]
    ) {
        frame.startFrame(kind: Kind.resume.rawValue, counter: counter)
        frame.append(littleEndian: cookie)
        frame.append(littleEndian: registration)
        frame.finishFrame()
    }

    package static func encodeStatus(counter: UInt64, into frame: inout [UInt8]) {
        frame.startFrame(kind: Kind.status.rawValue, counter: counter)
        frame.finishFrame()
    }

    package static func encodeReceipt(
        counter: UInt64, handoff: HandoffNumber, into frame: inout [UInt8]
    ) {
        frame.startFrame(kind: Kind.receipt.rawValue, counter: counter)
        frame.append(littleEndian: handoff)
        frame.finishFrame()
    }

    package static func encodeReconcile(counter: UInt64, into frame: inout [UInt8]) {
        frame.startFrame(kind: Kind.reconcile.rawValue, counter: counter)
        frame.finishFrame()
    }
}

extension [UInt8] {
    fileprivate mutating func append(counted text: String) {
        let bytes = Array(text.utf8)
        precondition(bytes.count <= Limits.textByteCount, "the caller bounds texts")
        append(littleEndian: UInt16(bytes.count))
        self += bytes
    }
}
