import Registry
import Testing

@testable import Journal

/// One event with its body as it must be, byte for byte.
///
/// The bodies were not written by the encoder: they stand on RFC 8785 and the table of keys.
struct Golden: Sendable, CustomTestStringConvertible {
    struct Columns: Sendable, Equatable {
        var reason: String?
        var handoff: UInt64?
        var actor: UInt64?
        var target: UInt64?
        var socket: UInt64?
    }

    var content: Event.Content
    var cause: UInt64?
    var columns = Columns()
    var body: String

    init(
        _ content: Event.Content, cause: UInt64? = nil, columns: Columns = Columns(), body: String
    ) {
        self.content = content
        self.cause = cause
        self.columns = columns
        self.body = body
    }

    static let all = host + sockets + handoffs

    static let log = "00112233445566ff"
    /// 2026-11-22T18:35:15.123456Z
    static let time = Instant(
        wallMicroseconds: 1_795_372_515_123_456, bootMicroseconds: 50_000_000)

    var event: Event { Event(sequence: 7, time: Self.time, cause: cause, content: content) }

    var testDescription: String { content.kind.name }
}

extension EventColumns {
    /// What `Golden` says of them.
    var named: Golden.Columns {
        Golden.Columns(
            reason: reason, handoff: handoff, actor: actor, target: target, socket: socket)
    }
}
