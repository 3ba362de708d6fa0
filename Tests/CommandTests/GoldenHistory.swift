/// What the verbs print of `SampleLog`, to the letter.
enum Golden {
    static let historyShort = #"""
        #0  2026-11-22 18:35:15.123456 log.opened              test.example/baton  baton t\#
        est  schema 1
        #1  2026-11-22 18:35:16.123456 boot.observed           boot 6f1f5bd4-0000-4000-800\#
        0-000000000000  Linux 6.12.0  instance  pidfs scm_pidfd
        #2  2026-11-22 18:35:17.123456 coordinator.started     pid 700  epoch 1
        #3  2026-11-22 18:35:18.123456 configuration.changed   ab12
        #4  2026-11-22 18:35:19.123456 process.seen            pid 812 (echo-client)  /usr\#
        /bin/echo-client  uid 1000  instance
        #5  2026-11-22 18:35:20.123456 process.seen            pid 815 (target)  /opt/targ\#
        et  uid 1000  instance
        #6  2026-11-22 18:35:21.123456 socket.seen             socket #6 tcp 127.0.0.1:400\#
        00 → 127.0.0.1:80  inode 55555
        #7  2026-11-22 18:35:22.123456 handoff.issued          pid 812 (echo-client) → pid\#
         815 (target)  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  flags WSA_FLAG_OVERLA\#
        PPED  ttl 300 s
        #8  2026-11-22 18:35:23.123456 handoff.refused         pid 812 (echo-client) → pid\#
         4242  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  refused: no such process (WSA\#
        EINVAL 10022)
        #9  2026-11-22 18:35:24.123456 process.seen            pid 900 (\u{1b}[31mevil,\n"\#
        one")  /tmp/\u{1b}[31mevil,\n"one"  uid 1001  instance
        #10 2026-11-22 18:35:25.123456 redemption.refused      handoff #7  pid 900 (\u{1b}\#
        [31mevil,\n"one"), not pid 815 (target)  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1\#
        :80  refused: wrong process (WSAEINVAL 10022)
        #11 2026-11-22 18:35:26.123456 handoff.reserved        handoff #7  pid 815 (target\#
        )  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  attempt 1  flags WSA_FLAG_OVERLAP\#
        PED  program /usr/bin/cat
        #12 2026-11-22 18:35:27.123456 delivery.failed         handoff #7  pid 812 (echo-c\#
        lient) → pid 815 (target)  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  truncated
        #13 2026-11-22 18:35:28.123456 handoff.reserved        handoff #7  pid 815 (target\#
        )  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  attempt 2  flags WSA_FLAG_OVERLAP\#
        PED  program /usr/bin/cat
        #14 2026-11-22 18:35:29.123456 handoff.delivered       handoff #7  pid 812 (echo-c\#
        lient) → pid 815 (target)  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  confirmed
        #15 2026-11-22 18:35:30.123456 handoff.issued          pid 812 (echo-client) → pid\#
         815 (target)  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  flags WSA_FLAG_OVERLA\#
        PPED  form A
        #16 2026-11-22 18:35:31.123456 handoff.revoked         handoff #15  by pid 812 (ec\#
        ho-client)  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  “no, "sorry"”
        #17 2026-11-22 18:35:32.123456 handoff.issued          pid 812 (echo-client) → pid\#
         815 (target)  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  flags WSA_FLAG_OVERLA\#
        PPED  ttl 1.5 s
        #18 2026-11-22 18:35:33.123456 handoff.expired         handoff #17  pid 812 (echo-\#
        client) → pid 815 (target)  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80
        #19 2026-11-22 18:35:34.123456 handoff.issued          pid 812 (echo-client) → pid\#
         815 (target)  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  flags WSA_FLAG_OVERLA\#
        PPED
        #20 2026-11-22 18:35:35.123456 descriptor.closed       pid 815 (target)  socket #6\#
         tcp 127.0.0.1:40000 → 127.0.0.1:80  closesocket
        #21 2026-11-22 18:35:36.123456 process.exited          pid 815 (target)  killed by\#
         signal 9
        #22 2026-11-22 18:35:37.123456 handoff.voided          handoff #19  pid 812 (echo-\#
        client) → pid 815 (target)  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  target e\#
        xited
        #23 2026-11-22 18:35:38.123456 request.refused         revoke  handoff #1844674407\#
        3709551615  pid 900 (\u{1b}[31mevil,\n"one")  refused: unknown handoff (WSAEINVAL\#
         10022)
        #24 2026-11-22 18:35:39.123456 requests.suppressed     uid 1001  500 requests  ref\#
        used: malformed request (WSAEINVAL 10022)
        #25 2026-11-22 18:35:40.123456 socket.marked           pid 812 (echo-client)  sock\#
        et #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  voice
        #26 2026-11-22 18:35:41.123456 descriptor.closed       pid 812 (echo-client)  sock\#
        et #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  observed
        #27 2026-11-22 18:35:42.123456 socket.released         socket #6 tcp 127.0.0.1:400\#
        00 → 127.0.0.1:80  counted
        #28 2026-11-22 18:35:43.123456 notification.selected   pid 812 (echo-client)  sock\#
        et #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  mask 0x3
        #29 2026-11-22 18:35:44.123456 notification.cancelled  pid 812 (echo-client)  sock\#
        et #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  mask 0x3  by process #5
        #30 2026-11-22 18:35:45.123456 clock.stepped           by -2500000 microseconds
        #31 2026-11-22 18:35:46.123456 reconcile.found         a descriptor without a hand\#
        off
        #32 2026-11-22 18:35:47.123456 keeper.lost             pid 699
        #33 2026-11-22 18:35:48.123456 store.full              97 %
        #34 2026-11-22 18:35:49.123456 key.rotated             k2
        #35 2026-11-22 18:35:50.123456 retention.pruned        #0 to #0
        #36 2026-11-22 18:35:51.123456 redaction.applied       exe of #9
        #37 2026-11-22 18:35:52.123456 coordinator.recovered   pid 701  epoch 2  3 open  2\#
         found  1 lost
        #38 2026-11-22 18:35:53.123456 coordinator.stopped     pid 701  epoch 2
        #39 2026-11-22 18:35:54.123456 log.closed              test.example/baton  baton t\#
        est  schema 1

        """#

    static let historyTable = #"""
        SEQ  TIME                        EVENT                   OUTCOME   HANDOFF\#
                       PID  PROGRAM                 TARGET  SOCKET  REASON
        0    2026-11-22 18:35:15.123456  log.opened              observed
        1    2026-11-22 18:35:16.123456  boot.observed           observed
        2    2026-11-22 18:35:17.123456  coordinator.started     observed
        3    2026-11-22 18:35:18.123456  configuration.changed   observed
        4    2026-11-22 18:35:19.123456  process.seen            observed\#
                                812  echo-client
        5    2026-11-22 18:35:20.123456  process.seen            observed\#
                                815  target
        6    2026-11-22 18:35:21.123456  socket.seen             observed\#
                                                                     6
        7    2026-11-22 18:35:22.123456  handoff.issued          accepted  7\#
                             812  echo-client             815     6
        8    2026-11-22 18:35:23.123456  handoff.refused         refused\#
                                 812  echo-client             4242    6       no such proc\#
        ess
        9    2026-11-22 18:35:24.123456  process.seen            observed\#
                                900  \u{1b}[31mevil,\n"one"
        10   2026-11-22 18:35:25.123456  redemption.refused      refused   7\#
                             900  \u{1b}[31mevil,\n"one"  815     6       wrong process
        11   2026-11-22 18:35:26.123456  handoff.reserved        accepted  7\#
                             815  target                  815     6
        12   2026-11-22 18:35:27.123456  delivery.failed         failed    7\#
                             812  echo-client             815     6       truncated
        13   2026-11-22 18:35:28.123456  handoff.reserved        accepted  7\#
                             815  target                  815     6
        14   2026-11-22 18:35:29.123456  handoff.delivered       accepted  7\#
                             812  echo-client             815     6
        15   2026-11-22 18:35:30.123456  handoff.issued          accepted  15\#
                            812  echo-client             815     6
        16   2026-11-22 18:35:31.123456  handoff.revoked         accepted  15\#
                            812  echo-client             815     6
        17   2026-11-22 18:35:32.123456  handoff.issued          accepted  17\#
                            812  echo-client             815     6
        18   2026-11-22 18:35:33.123456  handoff.expired         failed    17\#
                            812  echo-client             815     6
        19   2026-11-22 18:35:34.123456  handoff.issued          accepted  19\#
                            812  echo-client             815     6
        20   2026-11-22 18:35:35.123456  descriptor.closed       observed\#
                                815  target                          6
        21   2026-11-22 18:35:36.123456  process.exited          observed\#
                                815  target
        22   2026-11-22 18:35:37.123456  handoff.voided          failed    19\#
                            812  echo-client             815     6       target exited
        23   2026-11-22 18:35:38.123456  request.refused         refused   184467440737095\#
        51615  900  \u{1b}[31mevil,\n"one"                  unknown handoff
        24   2026-11-22 18:35:39.123456  requests.suppressed     refused\#
                                                                              malformed re\#
        quest
        25   2026-11-22 18:35:40.123456  socket.marked           accepted\#
                                812  echo-client                     6
        26   2026-11-22 18:35:41.123456  descriptor.closed       observed\#
                                812  echo-client                     6
        27   2026-11-22 18:35:42.123456  socket.released         observed\#
                                                                     6
        28   2026-11-22 18:35:43.123456  notification.selected   accepted\#
                                812  echo-client                     6
        29   2026-11-22 18:35:44.123456  notification.cancelled  observed\#
                                812  echo-client                     6
        30   2026-11-22 18:35:45.123456  clock.stepped           observed
        31   2026-11-22 18:35:46.123456  reconcile.found         observed
        32   2026-11-22 18:35:47.123456  keeper.lost             failed
        33   2026-11-22 18:35:48.123456  store.full              failed
        34   2026-11-22 18:35:49.123456  key.rotated             observed
        35   2026-11-22 18:35:50.123456  retention.pruned        observed
        36   2026-11-22 18:35:51.123456  redaction.applied       observed
        37   2026-11-22 18:35:52.123456  coordinator.recovered   observed
        38   2026-11-22 18:35:53.123456  coordinator.stopped     observed
        39   2026-11-22 18:35:54.123456  log.closed              observed

        """#

    static let historyCSV = #"""
        seq,time,event,outcome,reason,handoff,pid,exe,target_pid,target_exe,socket,local,r\#
        emote
        0,2026-11-22T18:35:15.123456Z,log.opened,observed,,,,,,,,,
        1,2026-11-22T18:35:16.123456Z,boot.observed,observed,,,,,,,,,
        2,2026-11-22T18:35:17.123456Z,coordinator.started,observed,,,,,,,,,
        3,2026-11-22T18:35:18.123456Z,configuration.changed,observed,,,,,,,,,
        4,2026-11-22T18:35:19.123456Z,process.seen,observed,,,812,/usr/bin/echo-client,,,,\#
        ,
        5,2026-11-22T18:35:20.123456Z,process.seen,observed,,,815,/opt/target,,,,,
        6,2026-11-22T18:35:21.123456Z,socket.seen,observed,,,,,,,6,127.0.0.1:40000,127.0.0\#
        .1:80
        7,2026-11-22T18:35:22.123456Z,handoff.issued,accepted,,7,812,/usr/bin/echo-client,\#
        815,/opt/target,6,127.0.0.1:40000,127.0.0.1:80
        8,2026-11-22T18:35:23.123456Z,handoff.refused,refused,no such process,,812,/usr/bi\#
        n/echo-client,4242,,6,127.0.0.1:40000,127.0.0.1:80
        9,2026-11-22T18:35:24.123456Z,process.seen,observed,,,900,"/tmp/\#u{1B}[31mevil,
        ""one""",,,,,
        10,2026-11-22T18:35:25.123456Z,redemption.refused,refused,wrong process,7,900,"/tm\#
        p/\#u{1B}[31mevil,
        ""one""",815,/opt/target,6,127.0.0.1:40000,127.0.0.1:80
        11,2026-11-22T18:35:26.123456Z,handoff.reserved,accepted,,7,815,/opt/target,815,/o\#
        pt/target,6,127.0.0.1:40000,127.0.0.1:80
        12,2026-11-22T18:35:27.123456Z,delivery.failed,failed,truncated,7,812,/usr/bin/ech\#
        o-client,815,/opt/target,6,127.0.0.1:40000,127.0.0.1:80
        13,2026-11-22T18:35:28.123456Z,handoff.reserved,accepted,,7,815,/opt/target,815,/o\#
        pt/target,6,127.0.0.1:40000,127.0.0.1:80
        14,2026-11-22T18:35:29.123456Z,handoff.delivered,accepted,,7,812,/usr/bin/echo-cli\#
        ent,815,/opt/target,6,127.0.0.1:40000,127.0.0.1:80
        15,2026-11-22T18:35:30.123456Z,handoff.issued,accepted,,15,812,/usr/bin/echo-clien\#
        t,815,/opt/target,6,127.0.0.1:40000,127.0.0.1:80
        16,2026-11-22T18:35:31.123456Z,handoff.revoked,accepted,,15,812,/usr/bin/echo-clie\#
        nt,815,/opt/target,6,127.0.0.1:40000,127.0.0.1:80
        17,2026-11-22T18:35:32.123456Z,handoff.issued,accepted,,17,812,/usr/bin/echo-clien\#
        t,815,/opt/target,6,127.0.0.1:40000,127.0.0.1:80
        18,2026-11-22T18:35:33.123456Z,handoff.expired,failed,,17,812,/usr/bin/echo-client\#
        ,815,/opt/target,6,127.0.0.1:40000,127.0.0.1:80
        19,2026-11-22T18:35:34.123456Z,handoff.issued,accepted,,19,812,/usr/bin/echo-clien\#
        t,815,/opt/target,6,127.0.0.1:40000,127.0.0.1:80
        20,2026-11-22T18:35:35.123456Z,descriptor.closed,observed,,,815,/opt/target,,,6,12\#
        7.0.0.1:40000,127.0.0.1:80
        21,2026-11-22T18:35:36.123456Z,process.exited,observed,,,815,/opt/target,,,,,
        22,2026-11-22T18:35:37.123456Z,handoff.voided,failed,target exited,19,812,/usr/bin\#
        /echo-client,815,/opt/target,6,127.0.0.1:40000,127.0.0.1:80
        23,2026-11-22T18:35:38.123456Z,request.refused,refused,unknown handoff,18446744073\#
        709551615,900,"/tmp/\#u{1B}[31mevil,
        ""one""",,,,,
        24,2026-11-22T18:35:39.123456Z,requests.suppressed,refused,malformed request,,,,,,\#
        ,,
        25,2026-11-22T18:35:40.123456Z,socket.marked,accepted,,,812,/usr/bin/echo-client,,\#
        ,6,127.0.0.1:40000,127.0.0.1:80
        26,2026-11-22T18:35:41.123456Z,descriptor.closed,observed,,,812,/usr/bin/echo-clie\#
        nt,,,6,127.0.0.1:40000,127.0.0.1:80
        27,2026-11-22T18:35:42.123456Z,socket.released,observed,,,,,,,6,127.0.0.1:40000,12\#
        7.0.0.1:80
        28,2026-11-22T18:35:43.123456Z,notification.selected,accepted,,,812,/usr/bin/echo-\#
        client,,,6,127.0.0.1:40000,127.0.0.1:80
        29,2026-11-22T18:35:44.123456Z,notification.cancelled,observed,,,812,/usr/bin/echo\#
        -client,,,6,127.0.0.1:40000,127.0.0.1:80
        30,2026-11-22T18:35:45.123456Z,clock.stepped,observed,,,,,,,,,
        31,2026-11-22T18:35:46.123456Z,reconcile.found,observed,,,,,,,,,
        32,2026-11-22T18:35:47.123456Z,keeper.lost,failed,,,,,,,,,
        33,2026-11-22T18:35:48.123456Z,store.full,failed,,,,,,,,,
        34,2026-11-22T18:35:49.123456Z,key.rotated,observed,,,,,,,,,
        35,2026-11-22T18:35:50.123456Z,retention.pruned,observed,,,,,,,,,
        36,2026-11-22T18:35:51.123456Z,redaction.applied,observed,,,,,,,,,
        37,2026-11-22T18:35:52.123456Z,coordinator.recovered,observed,,,,,,,,,
        38,2026-11-22T18:35:53.123456Z,coordinator.stopped,observed,,,,,,,,,
        39,2026-11-22T18:35:54.123456Z,log.closed,observed,,,,,,,,,

        """#
}
