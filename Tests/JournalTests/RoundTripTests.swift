import Registry
import TestSupport
import Testing
import Winsock

@testable import Journal

struct RoundTripTests {
    private static let integerMaximum: UInt64 = (1 << 53) - 1

    private func check(_ event: Event, log: String = Golden.log) throws {
        var encoder = EventEncoder(log: log)
        let body = encoder.encode(event)
        let decoded = try DecodedEvent(body)
        #expect(decoded.event == event)
        #expect(decoded.log == log)
        #expect(!body.contains { $0 < 0x20 }, "a body is one line")
    }

    private func check(_ content: Event.Content) throws {
        try check(Event(sequence: 7, time: Golden.time, cause: nil, content: content))
    }

    @Test func `the largest and smallest numbers come back`() throws {
        let largest = Self.integerMaximum
        let requests = [
            RequestID(nonce: 0, counter: 1, watermark: 0),
            RequestID(nonce: .max, counter: .max, watermark: .max),
        ]
        for request in requests {
            for handoff in [0, 1, largest] {
                try check(
                    .handoffReserved(
                        Event.Reserved(
                            actor: largest, handoff: handoff, attempt: .max, flags: .max,
                            program: "", request: request)))
            }
            try check(
                .handoffIssued(
                    Event.Issued(
                        actor: 0, target: largest, socket: 0, form: .ansi, catalog: .max,
                        family: .min, type: .max, protocolNumber: -1, services: .max, flags: 0,
                        lifetime: largest, request: request)))
        }
        for pid in [Int32.min, -1, 0, .max] {
            try check(.coordinatorStarted(pid: pid, epoch: largest))
            try check(.processExited(process: 0, status: pid))
        }
        for by in [-Int64(largest), -1, 0, Int64(largest)] { try check(.clockStepped(by: by)) }
        for pid in [Int64.min, -1, 0, .max] {
            try check(
                .handoffRefused(
                    Event.RefusedHandoff(
                        actor: 0,
                        asked: Event.AskedHandoff(
                            pid: pid, form: .wide, flags: .max, lifetime: .max),
                        reason: .invalidProcessID, request: requests[1])))
        }
    }

    /// From the first year of four digits to the last, and on both sides of 1970 and of a second.
    @Test(arguments: [
        -62_167_219_200_000_000, -1, 0, 999_999, 1_000_000, 951_782_400_000_000,
        253_402_300_799_999_999,
    ])
    func `any time comes back`(_ time: Int64) throws {
        for boot in [0, Int64(Self.integerMaximum)] {
            let instant = Instant(wallMicroseconds: time, bootMicroseconds: boot)
            try check(
                Event(
                    sequence: Self.integerMaximum, time: instant, cause: 0,
                    content: .clockStepped(by: 0)))
        }
    }

    @Test func `one encoder writes times of many seconds, backwards too`() throws {
        var encoder = EventEncoder(log: Golden.log)
        let second: Int64 = 1_000_000
        for wall in [
            5, second - 1, second, -1, 0, 3 * second + 7, 3 * second, 2 * second + 999_999,
        ] {
            let event = Event(
                sequence: 0, time: Instant(wallMicroseconds: wall, bootMicroseconds: 0),
                cause: nil, content: .clockStepped(by: 0))
            #expect(try DecodedEvent(encoder.encode(event)).event == event)
        }
    }

    @Test func `every word of the closed lists comes back`() throws {
        for reason in Refusal.allCases {
            for what in RequestKind.allCases {
                try check(
                    .requestRefused(Event.RefusedRequest(actor: 1, what: what, reason: reason)))
            }
            try check(
                .requestsSuppressed(
                    Event.Suppressed(uid: .max, count: 0, first: -1, last: 0, reason: reason)))
        }
        for how in DeliveryProof.allCases { try check(.handoffDelivered(handoff: 1, how: how)) }
        for reason in DeliveryFailure.allCases {
            try check(.deliveryFailed(handoff: 1, reason: reason))
        }
        for reason in VoidReason.allCases { try check(.handoffVoided(handoff: 1, reason: reason)) }
        for how in CloseProof.allCases {
            try check(.descriptorClosed(process: 1, socket: 2, how: how))
        }
        for how in ReleaseProof.allCases { try check(.socketReleased(socket: 1, how: how)) }
        for grade in Grade.allCases {
            try check(.bootObserved(Event.Boot(id: "", kernel: "", features: [""], grade: grade)))
        }
    }

    @Test func `any bytes of a path and any text come back`() throws {
        var random = SeededGenerator(seed: 53)
        for length in 0..<300 {
            // Few values, so that quotes, backslashes and controls follow each other often.
            let values: [UInt8] = [
                0x00, 0x08, 0x0a, 0x1f, 0x22, 0x41, 0x5c, 0x75, 0x7f, 0xc3, 0xa9,
            ]
            let bytes = (0..<length % 40).map { _ in
                values.randomElement(using: &random) ?? 0
            }
            try check(
                .processSeen(
                    ProcessIdentity(
                        pid: 1, instance: 2, start: 3, uid: 4, gid: 5, effectiveUID: 6,
                        executable: bytes, controlGroup: bytes.reversed())))
            let text = String(decoding: bytes, as: UTF8.self)
            try check(.configurationChanged(digest: text, content: text))
            try check(
                .bootObserved(
                    Event.Boot(id: text, kernel: text, features: [text, ""], grade: .held)))
        }
    }

    @Test func `a path that is not UTF-8 stands as hexadecimal, under its own key`() throws {
        var encoder = EventEncoder(log: Golden.log)
        for (bytes, isText) in [([0x2f, 0xff], false), (Array("/é".utf8), true), ([], true)] {
            let identity = ProcessIdentity(
                pid: 1, instance: 2, start: 3, uid: 4, gid: 5, effectiveUID: 6, executable: bytes)
            let body = encoder.encode(
                Event(sequence: 0, time: Golden.time, cause: nil, content: .processSeen(identity)))
            let text = String(decoding: body, as: UTF8.self)
            #expect(text.contains(#""exe":"#) == isText)
            #expect(text.contains(#""exe_hex":"2fff""#) == !isText)
        }
    }

    @Test(arguments: [Int64.min, -(1 << 53), 1 << 53, .max])
    func `an integer beyond 2^53 is a bug, not a body`(_ value: Int64) async {
        await #expect(processExitsWith: .failure) { [value = value as Int64] in
            var encoder = EventEncoder(log: Golden.log)
            _ = encoder.encode(
                Event(
                    sequence: 0, time: Golden.time, cause: nil,
                    content: .clockStepped(by: value)))
        }
    }
}
