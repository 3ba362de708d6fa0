import Registry
import Winsock

extension Golden {
    /// Events of handoffs.
    static let handoffs: [Golden] = [
        Golden(
            .handoffIssued(
                Event.Issued(
                    actor: 4, target: 5, socket: 6, form: .wide, catalog: 1001, family: 2, type: 1,
                    protocolNumber: 6, services: 0x20066, flags: 1, lifetime: 300_000_000,
                    request: RequestID(nonce: 77, counter: 3, watermark: 2))),
            columns: Columns(handoff: 7, actor: 4, target: 5, socket: 6),
            body: #"""
                {"actor":4,"catalog":1001,"event":"handoff.issued","family":2,"flags":1,\#
                "form":"W","log":"00112233445566ff","mono":50000000,"protocol":6,\#
                "request":"77.3.2","seq":7,"services":131174,"socket":6,"target":5,\#
                "time":"2026-11-22T18:35:15.123456Z","ttl":300000000,"type":1,"v":1}
                """#),
        Golden(
            .handoffIssued(
                Event.Issued(
                    actor: 4, target: 5, socket: 6, form: .ansi, catalog: 1001, family: 2, type: 1,
                    protocolNumber: 6, services: 0x20066, flags: 1,
                    request: RequestID(nonce: 18_446_744_073_709_551_615, counter: 1, watermark: 0))
            ),
            columns: Columns(handoff: 7, actor: 4, target: 5, socket: 6),
            body: #"""
                {"actor":4,"catalog":1001,"event":"handoff.issued","family":2,"flags":1,\#
                "form":"A","log":"00112233445566ff","mono":50000000,"protocol":6,\#
                "request":"18446744073709551615.1.0","seq":7,"services":131174,"socket":6,\#
                "target":5,"time":"2026-11-22T18:35:15.123456Z","type":1,"v":1}
                """#),
        Golden(
            .handoffRefused(
                Event.RefusedHandoff(
                    actor: 4,
                    asked: Event.AskedHandoff(
                        pid: -9_223_372_036_854_775_808, target: 5, socket: 6, form: .wide,
                        flags: 1,
                        lifetime: 18_446_744_073_709_551_615),
                    reason: .invalidLifetime,
                    request: RequestID(nonce: 77, counter: 3, watermark: 2))),
            columns: Columns(reason: "invalid lifetime", actor: 4, target: 5, socket: 6),
            body: #"""
                {"actor":4,"code":10022,"event":"handoff.refused","flags":1,"form":"W",\#
                "log":"00112233445566ff","mono":50000000,"pid":"-9223372036854775808",\#
                "reason":"invalid lifetime","request":"77.3.2","seq":7,"socket":6,"target":5,\#
                "time":"2026-11-22T18:35:15.123456Z","ttl":"18446744073709551615","v":1}
                """#),
        Golden(
            .handoffRefused(
                Event.RefusedHandoff(
                    actor: 4, asked: Event.AskedHandoff(pid: 4242, form: .ansi, flags: 0),
                    reason: .notASocket, request: RequestID(nonce: 77, counter: 3, watermark: 2))),
            columns: Columns(reason: "not a socket", actor: 4),
            body: #"""
                {"actor":4,"code":10038,"event":"handoff.refused","flags":0,"form":"A",\#
                "log":"00112233445566ff","mono":50000000,"pid":"4242","reason":"not a socket",\#
                "request":"77.3.2","seq":7,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .handoffReserved(
                Event.Reserved(
                    actor: 5, handoff: 6, attempt: 1, flags: 129, program: "/bin/cat",
                    request: RequestID(nonce: 77, counter: 3, watermark: 2))),
            columns: Columns(handoff: 6, actor: 5),
            body: #"""
                {"actor":5,"attempt":1,"event":"handoff.reserved","flags":129,"handoff":6,\#
                "log":"00112233445566ff","mono":50000000,"program":"/bin/cat","request":"77.3.2",\#
                "seq":7,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .redemptionRefused(
                Event.RefusedRedemption(
                    actor: 5, handoff: 6, genuine: true, reason: .wrongProcess,
                    request: RequestID(nonce: 77, counter: 3, watermark: 2))),
            columns: Columns(reason: "wrong process", handoff: 6, actor: 5),
            body: #"""
                {"actor":5,"code":10022,"event":"redemption.refused","genuine":true,"handoff":6,\#
                "log":"00112233445566ff","mono":50000000,"reason":"wrong process",\#
                "request":"77.3.2","seq":7,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .redemptionRefused(
                Event.RefusedRedemption(
                    actor: 5, genuine: false, reason: .forged,
                    request: RequestID(nonce: 77, counter: 3, watermark: 2))),
            columns: Columns(reason: "forged", actor: 5),
            body: #"""
                {"actor":5,"code":10022,"event":"redemption.refused","genuine":false,\#
                "log":"00112233445566ff","mono":50000000,"reason":"forged","request":"77.3.2",\#
                "seq":7,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .handoffDelivered(handoff: 6, how: .confirmed),
            columns: Columns(handoff: 6),
            body: #"""
                {"event":"handoff.delivered","handoff":6,"how":"confirmed",\#
                "log":"00112233445566ff","mono":50000000,"seq":7,\#
                "time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .deliveryFailed(handoff: 6, reason: .truncated),
            columns: Columns(reason: "truncated", handoff: 6),
            body: #"""
                {"event":"delivery.failed","handoff":6,"log":"00112233445566ff","mono":50000000,\#
                "reason":"truncated","seq":7,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .handoffRevoked(
                Event.Revoked(
                    handoff: 6, actor: 4, text: "\"a\\b\"\u{8}\t\n\u{c}\r\u{1}\u{1f}\u{7f}\u{2028}",
                    request: RequestID(nonce: 77, counter: 3, watermark: 2))),
            columns: Columns(handoff: 6, actor: 4),
            body: #"""
                {"actor":4,"event":"handoff.revoked","handoff":6,"log":"00112233445566ff",\#
                "mono":50000000,"request":"77.3.2","seq":7,\#
                "text":"\"a\\b\"\b\t\n\f\r\u0001\u001f\#u{7f}\#u{2028}",\#
                "time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .handoffExpired(handoff: 6),
            columns: Columns(handoff: 6),
            body: #"""
                {"event":"handoff.expired","handoff":6,"log":"00112233445566ff","mono":50000000,\#
                "seq":7,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .handoffVoided(handoff: 6, reason: .escrowLost),
            cause: 3,
            columns: Columns(reason: "escrow lost", handoff: 6),
            body: #"""
                {"cause":3,"event":"handoff.voided","handoff":6,"log":"00112233445566ff",\#
                "mono":50000000,"reason":"escrow lost","seq":7,\#
                "time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
    ]
}
