package import Registry
internal import Transport
public import Winsock

/// Why a call did not do what was asked. `code` is what WSAGetLastError gives.
///
/// Winsock: Windows Sockets Error Codes.
public struct BatonError: Error, Sendable, Hashable {
    /// What kind of thing went wrong, for a program to decide what to do.
    public enum Kind: Sendable, Hashable {
        /// Nobody answers on the socket of the coordinator.
        case noCoordinator
        /// The coordinator said no, and recorded it.
        case refused
        /// The request cannot even be sent: a number that is no open descriptor, a text too long.
        case invalidArgument
        /// This process has no descriptor left to receive the socket. The ticket is still good.
        case noDescriptorLeft
        /// What came back is not an answer to what was asked.
        case protocolViolation
        /// The kernel said no.
        case systemFailure
        /// The task was cancelled before the call began.
        case cancelled
    }

    public let kind: Kind
    public let code: WSAError
    /// The rule that said no, by its name in the log, such as `used`; empty where no rule did.
    public let reason: String
    /// What happened: a clause without a full stop.
    public let explanation: String
    /// What can be done about it: a clause without a full stop.
    public let advice: String
    /// The handoff that was refused, where it is known.
    public let handoff: UInt64?
    /// The path of the coordinator's socket, where nobody answered on it.
    public let path: String?
}

extension BatonError: CustomStringConvertible {
    /// One line for a person.
    public var description: String {
        var text = "\(code.name) (\(code.rawValue))"
        if !reason.isEmpty { text += ", \(reason)" }
        text += ": \(explanation)"
        if let handoff { text += " (handoff \(handoff))" }
        return advice.isEmpty ? text : "\(text); \(advice)"
    }
}

extension BatonError {
    /// A rule's no. `code` is the coordinator's, which maps its rules in one table.
    package static func refused(
        _ reason: Refusal, code: WSAError, handoff: UInt64?
    ) -> BatonError {
        BatonError(
            kind: .refused, code: code, reason: reason.name, explanation: reason.explanation,
            advice: reason.advice, handoff: handoff, path: nil)
    }

    /// A rule's no that is certain before anything is sent.
    static func refusedHere(_ reason: Refusal) -> BatonError {
        BatonError(
            kind: .invalidArgument, code: reason.code, reason: reason.name,
            explanation: reason.explanation, advice: reason.advice, handoff: nil, path: nil)
    }

    static func textTooLong(_ what: String) -> BatonError {
        BatonError(
            kind: .invalidArgument, code: .invalidArgument, reason: "",
            explanation: "\(what) has more than \(Limits.textByteCount) bytes of UTF-8",
            advice: "shorten it", handoff: nil, path: nil)
    }

    static let unknownEvents = BatonError(
        kind: .invalidArgument, code: .invalidArgument, reason: "",
        explanation: "there are bits that stand for no network event",
        advice: "use the bits of FD_ALL_EVENTS", handoff: nil, path: nil)

    static func noCoordinator(path: String, because cause: String) -> BatonError {
        BatonError(
            kind: .noCoordinator, code: .networkDown, reason: "",
            explanation: "no coordinator answers at \(path): \(cause)",
            advice: "start one with `baton serve`, or name its socket in BATON_SOCKET",
            handoff: nil, path: path)
    }

    static func mayNotConnect(path: String, because cause: String) -> BatonError {
        BatonError(
            kind: .noCoordinator, code: .networkDown, reason: "",
            explanation: "this user may not connect to \(path): \(cause)",
            advice: "become a member of the socket's group, or let the coordinator make it with "
                + "another --socket-mode or --socket-group",
            handoff: nil, path: path)
    }

    package static func noDescriptorLeft(handoff: UInt64) -> BatonError {
        BatonError(
            kind: .noDescriptorLeft, code: .tooManyDescriptors, reason: "",
            explanation: "this process has no descriptor left to receive the socket",
            advice: "close some or raise RLIMIT_NOFILE, and open again: the ticket is still good",
            handoff: handoff, path: nil)
    }

    static func protocolViolation(_ explanation: String) -> BatonError {
        BatonError(
            kind: .protocolViolation, code: .networkDown, reason: "", explanation: explanation,
            advice: "use a coordinator of the same version as the client", handoff: nil,
            path: nil)
    }

    static func systemFailure(_ error: Errno, doing action: String) -> BatonError {
        BatonError(
            kind: .systemFailure, code: WinsockErrno.code(forLinux: error.rawValue), reason: "",
            explanation: "\(action): \(error)", advice: "", handoff: nil, path: nil)
    }

    static let cancelled = BatonError(
        kind: .cancelled, code: .callCancelled, reason: "",
        explanation: "the task was cancelled before the call began", advice: "", handoff: nil,
        path: nil)
}
