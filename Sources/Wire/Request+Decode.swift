import Registry
import Winsock

extension Request {
    /// Reads one frame; see the layout in `Frame`.
    package init(_ frame: borrowing Span<UInt8>) throws(FrameError) {
        let (rawKind, counter) = try frame.header()
        guard let kind = Kind(rawValue: rawKind) else { throw .unknownKind(rawKind) }
        let isAnswered = kind != .confirm && kind != .decline && kind != .close
        guard isAnswered == (counter != 0) else { throw .invalidField }
        switch kind {
        case .startup: self = .startup(try Self.startup(frame, counter))
        case .duplicate: self = .duplicate(try Self.duplicate(frame, counter))
        case .redeem: self = .redeem(try Self.redeem(frame, counter))
        case .confirm:
            try frame.expect(36)
            self = .confirm(
                handoff: frame.number(at: 16), attempt: frame.number(at: 32),
                cookie: frame.number(at: 24))
        case .decline:
            try frame.expect(29)
            guard let reason = DeliveryFailure(wire: frame[28]) else { throw .invalidField }
            self = .decline(
                handoff: frame.number(at: 16), attempt: frame.number(at: 24), reason: reason)
        case .close:
            try frame.expect(25)
            guard let how = CloseProof(wire: frame[24]) else { throw .invalidField }
            self = .close(cookie: frame.number(at: 16), how: how)
        case .revoke:
            self = .revoke(
                counter: counter, watermark: try frame.watermark(below: counter),
                handoff: try frame.numberIfPresent(at: 24),
                text: try frame.countedText(at: 32))
        case .mark:
            self = .mark(
                counter: counter, watermark: try frame.watermark(below: counter),
                quality: try frame.countedText(at: 24))
        case .status:
            try frame.expect(Frame.headerByteCount)
            self = .status(counter: counter)
        case .select:
            try frame.expect(28)
            let mask: UInt32 = frame.number(at: 24)
            guard mask & ~NetworkEvents.all.rawValue == 0 else { throw .invalidField }
            self = .select(
                counter: counter, watermark: try frame.watermark(below: counter), mask: mask)
        case .resume:
            try frame.expect(32)
            let registration: UInt64 = frame.number(at: 24)
            guard registration != 0 else { throw .invalidField }
            self = .resume(
                counter: counter, cookie: frame.number(at: 16), registration: registration)
        case .reconcile:
            try frame.expect(Frame.headerByteCount)
            self = .reconcile(counter: counter)
        case .receipt:
            try frame.expect(24)
            self = .receipt(counter: counter, handoff: frame.number(at: 16))
        }
    }

    /// The counter in a frame that is long enough to have one, whatever else is wrong with it; else
    /// 0.
    package static func counter(of frame: borrowing Span<UInt8>) -> UInt64 {
        frame.count >= Frame.headerByteCount ? frame.number(at: 8) : 0
    }

    private static func startup(
        _ frame: borrowing Span<UInt8>, _ counter: UInt64
    ) throws(FrameError) -> Startup {
        try frame.expect(27)
        guard let role = Startup.Role(rawValue: frame[24]), frame[25] <= frame[26] else {
            throw .invalidField
        }
        let nonce: UInt64 = frame.number(at: 16)
        guard nonce != 0 else { throw .invalidField }
        return Startup(
            counter: counter, nonce: nonce, role: role, versions: frame[25]...frame[26])
    }

    private static func duplicate(
        _ frame: borrowing Span<UInt8>, _ counter: UInt64
    ) throws(FrameError) -> Duplicate {
        try frame.expect(46)
        let lifetime: UInt64 = frame.number(at: 32)
        guard let form = ProtocolInfo.Form(rawValue: frame[44]), frame[45] <= 1 else {
            throw .invalidField
        }
        return Duplicate(
            counter: counter, watermark: try frame.watermark(below: counter),
            pid: frame.number(at: 24), hasPidfd: frame[45] == 1, form: form,
            flags: frame.number(at: 40), lifetime: lifetime == 0 ? nil : lifetime)
    }

    private static func redeem(
        _ frame: borrowing Span<UInt8>, _ counter: UInt64
    ) throws(FrameError) -> Redeem {
        guard frame.count >= 32 else { throw .wrongByteCount }
        let recordCount = Int(frame.number(at: 28, as: UInt16.self))
        let programCount = Int(frame.number(at: 30, as: UInt16.self))
        try frame.expect(32 + recordCount + programCount)
        guard programCount <= Limits.textByteCount else { throw .invalidField }
        let program =
            programCount == 0
            ? nil : try frame.text(at: 32 + recordCount, count: programCount)
        return Redeem(
            counter: counter, watermark: try frame.watermark(below: counter),
            flags: frame.number(at: 24),
            record: PresentedRecord(frame.extracting(32..<32 + recordCount)), program: program)
    }
}

extension Span<UInt8> {
    fileprivate borrowing func expect(_ byteCount: Int) throws(FrameError) {
        guard count == byteCount else { throw .wrongByteCount }
    }

    fileprivate borrowing func numberIfPresent(at offset: Int) throws(FrameError) -> UInt64 {
        guard count >= offset + 8 else { throw .wrongByteCount }
        return number(at: offset)
    }

    /// A client cannot have the answer of the request that it sends.
    fileprivate borrowing func watermark(below counter: UInt64) throws(FrameError) -> UInt64 {
        let watermark = try numberIfPresent(at: Frame.headerByteCount)
        guard watermark < counter else { throw .invalidField }
        return watermark
    }

    fileprivate borrowing func countedText(at offset: Int) throws(FrameError) -> String {
        guard count >= offset + 2 else { throw .wrongByteCount }
        let length = Int(number(at: offset, as: UInt16.self))
        guard length <= Limits.textByteCount else { throw .invalidField }
        try expect(offset + 2 + length)
        return try text(at: offset + 2, count: length)
    }
}

extension DeliveryFailure {
    init?(wire number: UInt8) {
        switch number {
        case 1: self = .truncated
        case 2: self = .mismatched
        default: return nil
        }
    }

    var wire: UInt8 {
        switch self {
        case .truncated: 1
        case .mismatched: 2
        case .unsent, .inFlight:
            preconditionFailure("only the coordinator knows that a grant was not sent")
        }
    }
}

extension CloseProof {
    init?(wire number: UInt8) {
        switch number {
        case 1: self = .closesocket
        case 2: self = .cleanup
        default: return nil
        }
    }

    var wire: UInt8 {
        switch self {
        case .closesocket: 1
        case .cleanup: 2
        case .exit, .observed: preconditionFailure("a client says only what it did itself")
        }
    }
}
