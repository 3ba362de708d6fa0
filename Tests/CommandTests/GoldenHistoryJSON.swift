extension Golden {
    static let historyJSON = #"""
        {"seq":0,"time":"2026-11-22T18:35:15.123456Z","event":"log.opened","outcome":"obse\#
        rved","mono":50000000,"origin":"test.example/baton","program":"baton test","schema\#
        ":1}
        {"seq":1,"time":"2026-11-22T18:35:16.123456Z","event":"boot.observed","outcome":"o\#
        bserved","boot":"6f1f5bd4-0000-4000-8000-000000000000","features":["pidfs","scm_pi\#
        dfd"],"grade":"instance","kernel":"6.12.0","mono":51000000}
        {"seq":2,"time":"2026-11-22T18:35:17.123456Z","event":"coordinator.started","outco\#
        me":"observed","epoch":1,"mono":52000000,"pid":700}
        {"seq":3,"time":"2026-11-22T18:35:18.123456Z","event":"configuration.changed","out\#
        come":"observed","content":"strict=no\n","digest":"ab12","mono":53000000}
        {"seq":4,"time":"2026-11-22T18:35:19.123456Z","event":"process.seen","outcome":"ob\#
        served","pid":812,"uid":1000,"exe":"/usr/bin/echo-client","euid":1000,"gid":1000,"\#
        grade":"instance","instance":"1000812","mono":54000000,"start":"4000"}
        {"seq":5,"time":"2026-11-22T18:35:20.123456Z","event":"process.seen","outcome":"ob\#
        served","pid":815,"uid":1000,"exe":"/opt/target","euid":1000,"gid":1000,"grade":"i\#
        nstance","instance":"1000815","mono":55000000,"start":"4000"}
        {"seq":6,"time":"2026-11-22T18:35:21.123456Z","event":"socket.seen","outcome":"obs\#
        erved","socket":6,"local":"127.0.0.1:40000","remote":"127.0.0.1:80","cookie":"4097\#
        ","family":2,"inode":"55555","mono":56000000,"protocol":6,"type":1}
        {"seq":7,"time":"2026-11-22T18:35:22.123456Z","event":"handoff.issued","outcome":"\#
        accepted","handoff":7,"pid":812,"uid":1000,"exe":"/usr/bin/echo-client","target_pi\#
        d":815,"target_exe":"/opt/target","socket":6,"local":"127.0.0.1:40000","remote":"1\#
        27.0.0.1:80","actor":4,"catalog":1001,"family":2,"flags":1,"form":"W","mono":57000\#
        000,"protocol":6,"request":"77.1.0","services":131174,"target":5,"ttl":300000000,"\#
        type":1}
        {"seq":8,"time":"2026-11-22T18:35:23.123456Z","event":"handoff.refused","outcome":\#
        "refused","reason":"no such process","pid":812,"uid":1000,"exe":"/usr/bin/echo-cli\#
        ent","target_pid":4242,"socket":6,"local":"127.0.0.1:40000","remote":"127.0.0.1:80\#
        ","actor":4,"code":10022,"flags":1,"form":"W","mono":58000000,"request":"77.2.1"}
        {"seq":9,"time":"2026-11-22T18:35:24.123456Z","event":"process.seen","outcome":"ob\#
        served","pid":900,"uid":1001,"exe":"/tmp/\u001b[31mevil,\n\"one\"","euid":1001,"gi\#
        d":1001,"grade":"instance","instance":"1000900","mono":59000000,"start":"4000"}
        {"seq":10,"time":"2026-11-22T18:35:25.123456Z","event":"redemption.refused","outco\#
        me":"refused","reason":"wrong process","handoff":7,"pid":900,"uid":1001,"exe":"/tm\#
        p/\u001b[31mevil,\n\"one\"","target_pid":815,"target_exe":"/opt/target","socket":6\#
        ,"local":"127.0.0.1:40000","remote":"127.0.0.1:80","actor":9,"code":10022,"genuine\#
        ":true,"mono":60000000,"request":"77.1.0"}
        {"seq":11,"time":"2026-11-22T18:35:26.123456Z","event":"handoff.reserved","outcome\#
        ":"accepted","handoff":7,"pid":815,"uid":1000,"exe":"/opt/target","target_pid":815\#
        ,"target_exe":"/opt/target","socket":6,"local":"127.0.0.1:40000","remote":"127.0.0\#
        .1:80","actor":5,"attempt":1,"flags":1,"mono":61000000,"program":"/usr/bin/cat","r\#
        equest":"77.1.0"}
        {"seq":12,"time":"2026-11-22T18:35:27.123456Z","event":"delivery.failed","outcome"\#
        :"failed","reason":"truncated","handoff":7,"pid":812,"uid":1000,"exe":"/usr/bin/ec\#
        ho-client","target_pid":815,"target_exe":"/opt/target","socket":6,"local":"127.0.0\#
        .1:40000","remote":"127.0.0.1:80","mono":62000000}
        {"seq":13,"time":"2026-11-22T18:35:28.123456Z","event":"handoff.reserved","outcome\#
        ":"accepted","handoff":7,"pid":815,"uid":1000,"exe":"/opt/target","target_pid":815\#
        ,"target_exe":"/opt/target","socket":6,"local":"127.0.0.1:40000","remote":"127.0.0\#
        .1:80","actor":5,"attempt":2,"flags":1,"mono":63000000,"program":"/usr/bin/cat","r\#
        equest":"77.2.1"}
        {"seq":14,"time":"2026-11-22T18:35:29.123456Z","event":"handoff.delivered","outcom\#
        e":"accepted","handoff":7,"pid":812,"uid":1000,"exe":"/usr/bin/echo-client","targe\#
        t_pid":815,"target_exe":"/opt/target","socket":6,"local":"127.0.0.1:40000","remote\#
        ":"127.0.0.1:80","how":"confirmed","mono":64000000}
        {"seq":15,"time":"2026-11-22T18:35:30.123456Z","event":"handoff.issued","outcome":\#
        "accepted","handoff":15,"pid":812,"uid":1000,"exe":"/usr/bin/echo-client","target_\#
        pid":815,"target_exe":"/opt/target","socket":6,"local":"127.0.0.1:40000","remote":\#
        "127.0.0.1:80","actor":4,"catalog":1001,"family":2,"flags":1,"form":"A","mono":650\#
        00000,"protocol":6,"request":"77.3.2","services":131174,"target":5,"type":1}
        {"seq":16,"time":"2026-11-22T18:35:31.123456Z","event":"handoff.revoked","outcome"\#
        :"accepted","handoff":15,"pid":812,"uid":1000,"exe":"/usr/bin/echo-client","target\#
        _pid":815,"target_exe":"/opt/target","socket":6,"local":"127.0.0.1:40000","remote"\#
        :"127.0.0.1:80","actor":4,"mono":66000000,"request":"77.4.3","text":"no, \"sorry\"\#
        "}
        {"seq":17,"time":"2026-11-22T18:35:32.123456Z","event":"handoff.issued","outcome":\#
        "accepted","handoff":17,"pid":812,"uid":1000,"exe":"/usr/bin/echo-client","target_\#
        pid":815,"target_exe":"/opt/target","socket":6,"local":"127.0.0.1:40000","remote":\#
        "127.0.0.1:80","actor":4,"catalog":1001,"family":2,"flags":1,"form":"W","mono":670\#
        00000,"protocol":6,"request":"77.5.4","services":131174,"target":5,"ttl":1500000,"\#
        type":1}
        {"seq":18,"time":"2026-11-22T18:35:33.123456Z","event":"handoff.expired","outcome"\#
        :"failed","handoff":17,"pid":812,"uid":1000,"exe":"/usr/bin/echo-client","target_p\#
        id":815,"target_exe":"/opt/target","socket":6,"local":"127.0.0.1:40000","remote":"\#
        127.0.0.1:80","mono":68000000}
        {"seq":19,"time":"2026-11-22T18:35:34.123456Z","event":"handoff.issued","outcome":\#
        "accepted","handoff":19,"pid":812,"uid":1000,"exe":"/usr/bin/echo-client","target_\#
        pid":815,"target_exe":"/opt/target","socket":6,"local":"127.0.0.1:40000","remote":\#
        "127.0.0.1:80","actor":4,"catalog":1001,"family":2,"flags":1,"form":"W","mono":690\#
        00000,"protocol":6,"request":"77.6.5","services":131174,"target":5,"type":1}
        {"seq":20,"time":"2026-11-22T18:35:35.123456Z","event":"descriptor.closed","outcom\#
        e":"observed","pid":815,"uid":1000,"exe":"/opt/target","socket":6,"local":"127.0.0\#
        .1:40000","remote":"127.0.0.1:80","how":"closesocket","mono":70000000,"process":5}
        {"seq":21,"time":"2026-11-22T18:35:36.123456Z","event":"process.exited","outcome":\#
        "observed","pid":815,"uid":1000,"exe":"/opt/target","mono":71000000,"process":5,"s\#
        tatus":9}
        {"seq":22,"time":"2026-11-22T18:35:37.123456Z","event":"handoff.voided","outcome":\#
        "failed","reason":"target exited","handoff":19,"pid":812,"uid":1000,"exe":"/usr/bi\#
        n/echo-client","target_pid":815,"target_exe":"/opt/target","socket":6,"local":"127\#
        .0.0.1:40000","remote":"127.0.0.1:80","mono":72000000}
        {"seq":23,"time":"2026-11-22T18:35:38.123456Z","event":"request.refused","outcome"\#
        :"refused","reason":"unknown handoff","handoff":"18446744073709551615","pid":900,"\#
        uid":1001,"exe":"/tmp/\u001b[31mevil,\n\"one\"","actor":9,"code":10022,"mono":7300\#
        0000,"sender_pid":901,"request":"77.2.1","sender_uid":1002,"what":"revoke"}
        {"seq":24,"time":"2026-11-22T18:35:39.123456Z","event":"requests.suppressed","outc\#
        ome":"refused","reason":"malformed request","count":500,"first":60000000,"last":61\#
        000000,"mono":74000000,"uid":1001}
        {"seq":25,"time":"2026-11-22T18:35:40.123456Z","event":"socket.marked","outcome":"\#
        accepted","pid":812,"uid":1000,"exe":"/usr/bin/echo-client","socket":6,"local":"12\#
        7.0.0.1:40000","remote":"127.0.0.1:80","actor":4,"mono":75000000,"qos":"voice"}
        {"seq":26,"time":"2026-11-22T18:35:41.123456Z","event":"descriptor.closed","outcom\#
        e":"observed","pid":812,"uid":1000,"exe":"/usr/bin/echo-client","socket":6,"local"\#
        :"127.0.0.1:40000","remote":"127.0.0.1:80","how":"observed","mono":76000000,"proce\#
        ss":4}
        {"seq":27,"time":"2026-11-22T18:35:42.123456Z","event":"socket.released","outcome"\#
        :"observed","socket":6,"local":"127.0.0.1:40000","remote":"127.0.0.1:80","how":"co\#
        unted","mono":77000000}
        {"seq":28,"time":"2026-11-22T18:35:43.123456Z","event":"notification.selected","ou\#
        tcome":"accepted","pid":812,"uid":1000,"exe":"/usr/bin/echo-client","socket":6,"lo\#
        cal":"127.0.0.1:40000","remote":"127.0.0.1:80","actor":4,"mask":3,"mono":78000000}
        {"seq":29,"time":"2026-11-22T18:35:44.123456Z","event":"notification.cancelled","o\#
        utcome":"observed","pid":812,"uid":1000,"exe":"/usr/bin/echo-client","socket":6,"l\#
        ocal":"127.0.0.1:40000","remote":"127.0.0.1:80","actor":4,"by":5,"mask":3,"mono":7\#
        9000000}
        {"seq":30,"time":"2026-11-22T18:35:45.123456Z","event":"clock.stepped","outcome":"\#
        observed","by":-2500000,"mono":80000000}
        {"seq":31,"time":"2026-11-22T18:35:46.123456Z","event":"reconcile.found","outcome"\#
        :"observed","found":"a descriptor without a handoff","mono":81000000}
        {"seq":32,"time":"2026-11-22T18:35:47.123456Z","event":"keeper.lost","outcome":"fa\#
        iled","found":"pid 699","mono":82000000}
        {"seq":33,"time":"2026-11-22T18:35:48.123456Z","event":"store.full","outcome":"fai\#
        led","found":"97 %","mono":83000000}
        {"seq":34,"time":"2026-11-22T18:35:49.123456Z","event":"key.rotated","outcome":"ob\#
        served","key":"k2","mono":84000000}
        {"seq":35,"time":"2026-11-22T18:35:50.123456Z","event":"retention.pruned","outcome\#
        ":"observed","from":0,"mono":85000000,"root":"00","to":0}
        {"seq":36,"time":"2026-11-22T18:35:51.123456Z","event":"redaction.applied","outcom\#
        e":"observed","field":"exe","mono":86000000,"of":9}
        {"seq":37,"time":"2026-11-22T18:35:52.123456Z","event":"coordinator.recovered","ou\#
        tcome":"observed","epoch":2,"held":3,"lost":1,"matched":2,"mono":87000000,"pid":70\#
        1}
        {"seq":38,"time":"2026-11-22T18:35:53.123456Z","event":"coordinator.stopped","outc\#
        ome":"observed","epoch":2,"mono":88000000,"pid":701}
        {"seq":39,"time":"2026-11-22T18:35:54.123456Z","event":"log.closed","outcome":"obs\#
        erved","mono":89000000,"origin":"test.example/baton","program":"baton test","schem\#
        a":1}

        """#
}
