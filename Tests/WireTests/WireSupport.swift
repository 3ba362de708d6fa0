import Registry
import Testing
import Winsock
import Wire

/// One frame of each kind, and what it says.
enum Samples {
    static let ticket = Ticket(handoff: 0x0102_0304_0506_0708, secret: 0x1112_1314_1516_1718)

    static func frame(_ encode: (inout [UInt8]) -> Void) -> [UInt8] {
        // What was in the buffer before must not matter.
        var frame: [UInt8] = [1, 2, 3]
        encode(&frame)
        return frame
    }

    static func frame(_ answer: Answer) -> [UInt8] {
        frame { answer.encode(into: &$0) }
    }

    static func record(_ form: ProtocolInfo.Form) -> [UInt8] {
        Catalog.entries[0].record(with: ticket, as: form)
    }

    static func redeem(
        _ record: [UInt8], program: String? = nil, counter: UInt64 = 3
    ) -> [UInt8] {
        frame {
            Request.encodeRedeem(
                counter: counter, watermark: 2, flags: 1, record: record, program: program,
                into: &$0)
        }
    }

    static let requests: [(name: String, frame: [UInt8])] = [
        (
            "startup",
            frame {
                Request.encode(Request.Startup(counter: 1, nonce: 9, role: .peer), into: &$0)
            }
        ),
        (
            "duplicate",
            frame {
                Request.encode(
                    Request.Duplicate(
                        counter: 2, watermark: 1, pid: 77, hasPidfd: true, form: .wide, flags: 1,
                        lifetime: 300_000_000), into: &$0)
            }
        ),
        ("redeem", redeem(record(.ansi), program: "nginx")),
        ("redeem of nothing", redeem([])),
        (
            "confirm",
            frame { Request.encodeConfirm(handoff: 5, attempt: 1, cookie: 6, into: &$0) }
        ),
        (
            "decline",
            frame {
                Request.encodeDecline(handoff: 5, attempt: 1, reason: .truncated, into: &$0)
            }
        ),
        ("close", frame { Request.encodeClose(cookie: 6, how: .closesocket, into: &$0) }),
        (
            "revoke",
            frame {
                Request.encodeRevoke(
                    counter: 4, watermark: 3, handoff: 5, text: "wrong", into: &$0)
            }
        ),
        (
            "mark",
            frame { Request.encodeMark(counter: 5, watermark: 0, quality: "voice", into: &$0) }
        ),
        ("status", frame { Request.encodeStatus(counter: 6, into: &$0) }),
        (
            "select",
            frame { Request.encodeSelect(counter: 7, watermark: 6, mask: 0x221, into: &$0) }
        ),
        (
            "resume",
            frame { Request.encodeResume(counter: 8, cookie: 900, registration: 5, into: &$0) }
        ),
        ("reconcile", frame { Request.encodeReconcile(counter: 9, into: &$0) }),
        ("receipt", frame { Request.encodeReceipt(counter: 9, handoff: 7, into: &$0) }),
    ]

    static let answers: [(name: String, answer: Answer)] = [
        ("welcome", .welcome(epoch: 3, pid: 77, version: 1)),
        ("record", .record(handoff: 5, isRepeated: true, bytes: [1, 2, 3])),
        ("grant", .grant(handoff: 5, attempt: 2, notes: .flagsDiffer)),
        ("done", .done),
        ("refusal", .refusal(reason: .used, code: .invalidArgument, handoff: 5)),
        ("report", .report("epoch=3")),
        ("selected", .selected(5)),
        ("cancelled", .notificationCancelled(cookie: 900)),
    ].map { name, content in
        (name, Answer(counter: 8, acknowledged: 2, content: content))
    }
}

func decodeRequest(_ frame: [UInt8]) throws(FrameError) -> Request { try Request(frame.span) }

func decodeAnswer(_ frame: [UInt8]) throws(FrameError) -> Answer { try Answer(frame.span) }

extension [UInt8] {
    /// The frame with its count set right again, as a hostile sender would.
    func recounted() -> [UInt8] {
        var frame = self
        for index in 0..<4 { frame[4 + index] = UInt8(truncatingIfNeeded: count >> (8 * index)) }
        return frame
    }
}
