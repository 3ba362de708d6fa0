import Registry
import Winsock

extension Golden {
    /// Events of the host, the coordinator and processes.
    static let host: [Golden] = [
        Golden(
            .logOpened(
                Event.LogIdentity(
                    origin: "host.example/baton", program: "baton 1.0", schema: 1,
                    previousOrigin: "old.example/baton", previousSize: 5000, previousRoot: "00ff")),
            body: #"""
                {"event":"log.opened","log":"00112233445566ff","mono":50000000,\#
                "origin":"host.example/baton","previous_origin":"old.example/baton",\#
                "previous_root":"00ff","previous_size":5000,"program":"baton 1.0","schema":1,\#
                "seq":7,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .logClosed(
                Event.LogIdentity(origin: "host.example/baton", program: "baton 1.0", schema: 1)),
            body: #"""
                {"event":"log.closed","log":"00112233445566ff","mono":50000000,\#
                "origin":"host.example/baton","program":"baton 1.0","schema":1,"seq":7,\#
                "time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .bootObserved(
                Event.Boot(
                    id: "6f1f5bd4-0000-4000-8000-000000000000", kernel: "6.12.0-1",
                    features: ["pidfs", "scm_pidfd"], grade: .instance)),
            body: #"""
                {"boot":"6f1f5bd4-0000-4000-8000-000000000000","event":"boot.observed",\#
                "features":["pidfs","scm_pidfd"],"grade":"instance","kernel":"6.12.0-1",\#
                "log":"00112233445566ff","mono":50000000,"seq":7,\#
                "time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .bootObserved(Event.Boot(id: "", kernel: "5.4", features: [], grade: .held)),
            body: #"""
                {"boot":"","event":"boot.observed","features":[],"grade":"held","kernel":"5.4",\#
                "log":"00112233445566ff","mono":50000000,"seq":7,\#
                "time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .clockStepped(by: -2_500_000),
            body: #"""
                {"by":-2500000,"event":"clock.stepped","log":"00112233445566ff","mono":50000000,\#
                "seq":7,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .coordinatorStarted(pid: 700, epoch: 1),
            body: #"""
                {"epoch":1,"event":"coordinator.started","log":"00112233445566ff",\#
                "mono":50000000,"pid":700,"seq":7,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .coordinatorStopped(pid: 700, epoch: 1),
            body: #"""
                {"epoch":1,"event":"coordinator.stopped","log":"00112233445566ff",\#
                "mono":50000000,"pid":700,"seq":7,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .coordinatorRecovered(
                Event.Recovered(pid: 701, epoch: 2, held: 3, matched: 2, lost: 1)),
            body: #"""
                {"epoch":2,"event":"coordinator.recovered","held":3,"log":"00112233445566ff",\#
                "lost":1,"matched":2,"mono":50000000,"pid":701,"seq":7,\#
                "time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .configurationChanged(digest: "ab12", content: "strict=false\nhandoffs=8\n"),
            body: #"""
                {"content":"strict=false\nhandoffs=8\n","digest":"ab12",\#
                "event":"configuration.changed","log":"00112233445566ff","mono":50000000,"seq":7,\#
                "time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .processSeen(
                ProcessIdentity(
                    pid: 812, instance: 18_446_744_073_709_551_615, start: 4711, uid: 1000,
                    gid: 100,
                    effectiveUID: 1001, loginUID: 1002,
                    executable: Array("/usr/bin/caf\u{e9}".utf8),
                    executableDevice: 2049, executableInode: 99,
                    controlGroup: Array("/a.slice".utf8),
                    pidNamespace: 4_026_531_836, grade: .held)),
            columns: Columns(actor: 7),
            body: #"""
                {"cgroup":"/a.slice","euid":1001,"event":"process.seen","exe":"/usr/bin/café",\#
                "exe_device":"2049","exe_inode":"99","gid":100,"grade":"held",\#
                "instance":"18446744073709551615","log":"00112233445566ff","loginuid":1002,\#
                "mono":50000000,"pid":812,"pid_namespace":"4026531836","seq":7,"start":"4711",\#
                "time":"2026-11-22T18:35:15.123456Z","uid":1000,"v":1}
                """#),
        Golden(
            .processSeen(
                ProcessIdentity(
                    pid: 812, instance: 5, start: 6, uid: 0, gid: 0, effectiveUID: 0,
                    executable: [0x2f, 0xff, 0x61], controlGroup: [0x2f, 0x80], grade: .number)),
            columns: Columns(actor: 7),
            body: #"""
                {"cgroup_hex":"2f80","euid":0,"event":"process.seen","exe_hex":"2fff61","gid":0,\#
                "grade":"number","instance":"5","log":"00112233445566ff","mono":50000000,\#
                "pid":812,"seq":7,"start":"6","time":"2026-11-22T18:35:15.123456Z","uid":0,"v":1}
                """#),
        Golden(
            .processSeen(
                ProcessIdentity(
                    pid: 812, instance: 5, start: 6, uid: 0, gid: 0, effectiveUID: 0,
                    effectiveGID: 101)),
            columns: Columns(actor: 7),
            body: #"""
                {"egid":101,"euid":0,"event":"process.seen","gid":0,"grade":"instance",\#
                "instance":"5","log":"00112233445566ff","mono":50000000,"pid":812,"seq":7,\#
                "start":"6","time":"2026-11-22T18:35:15.123456Z","uid":0,"v":2}
                """#),
        Golden(
            .processExited(process: 4, status: 9),
            columns: Columns(actor: 4),
            body: #"""
                {"event":"process.exited","log":"00112233445566ff","mono":50000000,"process":4,\#
                "seq":7,"status":9,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
        Golden(
            .processExited(process: 4, status: nil),
            columns: Columns(actor: 4),
            body: #"""
                {"event":"process.exited","log":"00112233445566ff","mono":50000000,"process":4,\#
                "seq":7,"time":"2026-11-22T18:35:15.123456Z","v":1}
                """#),
    ]
}
