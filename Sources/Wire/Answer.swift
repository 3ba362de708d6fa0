package import Registry
package import Winsock

/// What the coordinator answers.
package struct Answer: Sendable, Equatable {
    package var counter: UInt64
    /// How many of the connection's frames without an answer are durable.
    package var acknowledged: UInt64
    package var content: Content

    package init(counter: UInt64, acknowledged: UInt64, content: Content) {
        self.counter = counter
        self.acknowledged = acknowledged
        self.content = content
    }

    package enum Content: Sendable, Equatable {
        case welcome(epoch: UInt64, pid: Int32, version: UInt8)
        case record(handoff: HandoffNumber, isRepeated: Bool, bytes: [UInt8])
        case grant(handoff: HandoffNumber, attempt: UInt32, notes: GrantNotes)
        case done
        case refusal(reason: Refusal, code: WSAError, handoff: HandoffNumber?)
        case report(String)
        case selected(RegistrationNumber)
        case notificationCancelled(cookie: UInt64)
    }

    private enum Kind: UInt8 {
        case welcome = 1
        case record, grant, done, refusal, report, selected, notificationCancelled
    }

    package func encode(into frame: inout [UInt8]) {
        func start(_ kind: Kind) {
            frame.startFrame(kind: kind.rawValue, counter: counter)
            frame.append(littleEndian: acknowledged)
        }
        switch content {
        case .welcome(let epoch, let pid, let version):
            start(.welcome)
            frame.append(littleEndian: epoch)
            frame.append(littleEndian: pid)
            frame.append(version)
        case .record(let handoff, let isRepeated, let bytes):
            start(.record)
            frame.append(littleEndian: handoff)
            frame.append(isRepeated ? 1 : 0)
            frame += bytes
        case .grant(let handoff, let attempt, let notes):
            start(.grant)
            frame.append(littleEndian: handoff)
            frame.append(littleEndian: attempt)
            frame.append(notes.rawValue)
        case .done: start(.done)
        case .refusal(let reason, let code, let handoff):
            start(.refusal)
            frame.append(littleEndian: handoff ?? 0)
            frame.append(littleEndian: code.rawValue)
            frame.append(littleEndian: reason.rawValue)
        case .report(let text):
            start(.report)
            frame += Array(text.utf8)
        case .selected(let registration):
            start(.selected)
            frame.append(littleEndian: registration)
        case .notificationCancelled(let cookie):
            start(.notificationCancelled)
            frame.append(littleEndian: cookie)
        }
        frame.finishFrame()
    }

    package init(_ frame: borrowing Span<UInt8>) throws(FrameError) {
        let (rawKind, counter) = try frame.header()
        guard frame.count >= Frame.answerHeaderByteCount else { throw .wrongByteCount }
        guard let kind = Kind(rawValue: rawKind) else { throw .unknownKind(rawKind) }
        self.counter = counter
        acknowledged = frame.number(at: 16)
        content = try Self.content(kind, frame)
    }

    private static func content(
        _ kind: Kind, _ frame: borrowing Span<UInt8>
    ) throws(FrameError) -> Content {
        let expected: Int? =
            switch kind {
            case .welcome, .grant: 37
            case .done: 24
            case .refusal: 38
            case .selected, .notificationCancelled: 32
            case .record, .report: nil
            }
        if let expected, frame.count != expected { throw .wrongByteCount }
        switch kind {
        case .welcome:
            return .welcome(
                epoch: frame.number(at: 24), pid: frame.number(at: 32), version: frame[36])
        case .record:
            guard frame.count > 33 else { throw .wrongByteCount }
            guard frame[32] <= 1 else { throw .invalidField }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(frame.count - 33)
            for index in 33..<frame.count { bytes.append(frame[index]) }
            return .record(handoff: frame.number(at: 24), isRepeated: frame[32] == 1, bytes: bytes)
        case .grant:
            return .grant(
                handoff: frame.number(at: 24), attempt: frame.number(at: 32),
                notes: GrantNotes(rawValue: frame[36]))
        case .done: return .done
        case .refusal:
            guard let reason = Refusal(rawValue: frame.number(at: 36)) else { throw .invalidField }
            let handoff: UInt64 = frame.number(at: 24)
            return .refusal(
                reason: reason, code: WSAError(rawValue: frame.number(at: 32)),
                handoff: handoff == 0 ? nil : handoff)
        case .report:
            return .report(try frame.text(at: 24, count: frame.count - 24))
        case .selected: return .selected(frame.number(at: 24))
        case .notificationCancelled: return .notificationCancelled(cookie: frame.number(at: 24))
        }
    }
}
