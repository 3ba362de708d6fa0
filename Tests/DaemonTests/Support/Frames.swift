import Registry
import Testing
import Winsock
import Wire

/// Frames for clients that do not keep to the library's order of things.
enum Frames {
    static func startup(
        counter: UInt64, nonce: UInt64, role: Request.Startup.Role = .peer,
        versions: ClosedRange<UInt8> = 1...1
    ) -> Record {
        make {
            Request.encode(
                Request.Startup(counter: counter, nonce: nonce, role: role, versions: versions),
                into: &$0)
        }
    }

    static func duplicate(counter: UInt64, pid: Int32, hasPidfd: Bool = false) -> Record {
        make {
            Request.encode(
                Request.Duplicate(
                    counter: counter, watermark: 0, pid: Int64(pid), hasPidfd: hasPidfd,
                    form: .wide, flags: SocketFlags.overlapped.rawValue, lifetime: nil),
                into: &$0)
        }
    }

    static func redeem(counter: UInt64, _ record: Record) -> Record {
        make {
            Request.encodeRedeem(
                counter: counter, watermark: 0, flags: SocketFlags.overlapped.rawValue,
                record: record.bytes, program: nil, into: &$0)
        }
    }

    static func confirm(handoff: UInt64, cookie: UInt64) -> Record {
        make {
            Request.encodeConfirm(handoff: handoff, attempt: 1, cookie: cookie, into: &$0)
        }
    }

    static func close(cookie: UInt64) -> Record {
        make { Request.encodeClose(cookie: cookie, how: .closesocket, into: &$0) }
    }

    static func revoke(counter: UInt64, handoff: UInt64) -> Record {
        make {
            Request.encodeRevoke(
                counter: counter, watermark: 0, handoff: handoff, text: "", into: &$0)
        }
    }

    static func mark(counter: UInt64, quality: String) -> Record {
        make {
            Request.encodeMark(
                counter: counter, watermark: counter - 1, quality: quality, into: &$0)
        }
    }

    static func status(counter: UInt64) -> Record {
        make { Request.encodeStatus(counter: counter, into: &$0) }
    }

    static func answer(_ text: String) throws -> Answer {
        let bytes = try Record(text).bytes
        return try Answer(bytes.span)
    }

    static func make(_ encode: (inout [UInt8]) -> Void) -> Record {
        var bytes: [UInt8] = []
        encode(&bytes)
        return Record(bytes)
    }
}

extension Answer {
    var refusal: Refusal? {
        guard case .refusal(let reason, _, _) = content else { return nil }
        return reason
    }

    var isWelcome: Bool {
        guard case .welcome = content else { return false }
        return true
    }

    /// The record that a duplicate request got.
    var record: Record? {
        guard case .record(_, _, let bytes) = content else { return nil }
        return Record(bytes)
    }

    var grantedHandoff: UInt64? {
        guard case .grant(let handoff, _, _) = content else { return nil }
        return handoff
    }
}
