import Registry
import Winsock

extension Golden {
    /// Events of sockets, descriptors and the log itself.
    static let sockets: [Golden] = [
        Golden(
            .socketSeen(
                SocketIdentity(
                    cookie: 4097, inode: 55_555, networkNamespace: 4_026_531_840, family: 10,
                    type: 1,
                    protocolNumber: 6, local: "[::1]:40000", remote: "[::1]:80")),
            columns: Columns(socket: 7),
            body: #"""
                {"cookie":"4097","event":"socket.seen","family":10,"inode":"55555",\#
                "local":"[::1]:40000","log":"00112233445566ff","mono":50000000,\#
                "network_namespace":"4026531840","protocol":6,"remote":"[::1]:80","seq":7,\#
                "time":"2026-11-22T18:35:15.123456Z","type":1,"v":1}
                """#),
        Golden(
            .socketSeen(
                SocketIdentity(cookie: 1, inode: 2, family: 1, type: 5, protocolNumber: 0)),
            columns: Columns(socket: 7),
            body: #"""
                {"cookie":"1","event":"socket.seen","family":1,"inode":"2",\#
                "log":"00112233445566ff","mono":50000000,"protocol":0,"seq":7,\#
                "time":"2026-11-22T18:35:15.123456Z","type":5,"v":1}
                """#),
        Golden(
            .socketMarked(socket: 6, actor: 4, quality: "SO_PRIORITY 6"),
            columns: Columns(actor: 4, socket: 6),
            body: #"""
                {"actor":4,"event":"socket.marked","log":"00112233445566ff","mono":50000000,\#
                "qos":"SO_PRIORITY 6","seq":7,"socket":6,"time":"2026-11-22T18:35:15.123456Z",\#
                "v":1}
                """#),
        Golden(
            .descriptorClosed(process: 5, socket: 6, how: .closesocket),
            columns: Columns(actor: 5, socket: 6),
            body: #"""
                {"event":"descriptor.closed","how":"closesocket","log":"00112233445566ff",\#
                "mono":50000000,"process":5,"seq":7,"socket":6,\#
                "time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .socketReleased(socket: 6, how: .counted),
            cause: 3,
            columns: Columns(socket: 6),
            body: #"""
                {"cause":3,"event":"socket.released","how":"counted","log":"00112233445566ff",\#
                "mono":50000000,"seq":7,"socket":6,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .notificationSelected(actor: 4, socket: 6, mask: 35),
            columns: Columns(actor: 4, socket: 6),
            body: #"""
                {"actor":4,"event":"notification.selected","log":"00112233445566ff","mask":35,\#
                "mono":50000000,"seq":7,"socket":6,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .notificationCancelled(actor: 4, socket: 6, mask: 35, by: 5),
            cause: 3,
            columns: Columns(actor: 4, socket: 6),
            body: #"""
                {"actor":4,"by":5,"cause":3,"event":"notification.cancelled",\#
                "log":"00112233445566ff","mask":35,"mono":50000000,"seq":7,"socket":6,\#
                "time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .requestRefused(
                Event.RefusedRequest(
                    actor: 4, what: .revoke, handoff: 18_446_744_073_709_551_615, pid: 901,
                    uid: 1002,
                    reason: .notOwner, request: RequestID(nonce: 77, counter: 3, watermark: 2))),
            columns: Columns(reason: "not owner", actor: 4),
            body: #"""
                {"actor":4,"code":10013,"event":"request.refused",\#
                "handoff":"18446744073709551615","log":"00112233445566ff","mono":50000000,\#
                "pid":901,"reason":"not owner","request":"77.3.2","seq":7,\#
                "time":"2026-11-22T18:35:15.123456Z","uid":1002,"v":1,"what":"revoke"}
                """#),
        Golden(
            .requestRefused(
                Event.RefusedRequest(actor: nil, what: .unknown, reason: .malformedRequest)),
            columns: Columns(reason: "malformed request"),
            body: #"""
                {"code":10022,"event":"request.refused","log":"00112233445566ff","mono":50000000,\#
                "reason":"malformed request","seq":7,"time":"2026-11-22T18:35:15.123456Z","v":1,\#
                "what":"unknown"}
                """#),
        Golden(
            .requestsSuppressed(
                Event.Suppressed(
                    uid: 1001, count: 500, first: 60_000_000, last: 61_000_000, reason: .tooFast)),
            columns: Columns(reason: "too fast"),
            body: #"""
                {"count":500,"event":"requests.suppressed","first":60000000,"last":61000000,\#
                "log":"00112233445566ff","mono":50000000,"reason":"too fast","seq":7,\#
                "time":"2026-11-22T18:35:15.123456Z","uid":1001,"v":1}
                """#),
        Golden(
            .reconcileFound(found: "a descriptor without a handoff"),
            body: #"""
                {"event":"reconcile.found","found":"a descriptor without a handoff",\#
                "log":"00112233445566ff","mono":50000000,"seq":7,\#
                "time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .keeperLost(found: "pid 699"),
            body: #"""
                {"event":"keeper.lost","found":"pid 699","log":"00112233445566ff",\#
                "mono":50000000,"seq":7,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .storeFull(found: "97 %"),
            body: #"""
                {"event":"store.full","found":"97 %","log":"00112233445566ff","mono":50000000,\#
                "seq":7,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .keyRotated(key: "host.example/baton+1a2b"),
            body: #"""
                {"event":"key.rotated","key":"host.example/baton+1a2b","log":"00112233445566ff",\#
                "mono":50000000,"seq":7,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .retentionPruned(from: 0, to: 4096, root: "00ff"),
            body: #"""
                {"event":"retention.pruned","from":0,"log":"00112233445566ff","mono":50000000,\#
                "root":"00ff","seq":7,"time":"2026-11-22T18:35:15.123456Z","to":4096,"v":1}
                """#),
        Golden(
            .redactionApplied(of: 4, field: "exe"),
            body: #"""
                {"event":"redaction.applied","field":"exe","log":"00112233445566ff",\#
                "mono":50000000,"of":4,"seq":7,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
    ]
}
