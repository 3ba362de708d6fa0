extension Golden {
    static let listShort = #"""
        handoff #7   delivered  pid 812 (echo-client) → pid 815 (target)  socket #6 tcp 12\#
        7.0.0.1:40000 → 127.0.0.1:80  issued 2026-11-22 18:35:22.123456  expires 2026-11-2\#
        2 18:40:22.123456
        handoff #15  revoked    pid 812 (echo-client) → pid 815 (target)  socket #6 tcp 12\#
        7.0.0.1:40000 → 127.0.0.1:80  issued 2026-11-22 18:35:30.123456  no, "sorry"
        handoff #17  expired    pid 812 (echo-client) → pid 815 (target)  socket #6 tcp 12\#
        7.0.0.1:40000 → 127.0.0.1:80  issued 2026-11-22 18:35:32.123456  expires 2026-11-2\#
        2 18:35:33.623456
        handoff #19  voided     pid 812 (echo-client) → pid 815 (target)  socket #6 tcp 12\#
        7.0.0.1:40000 → 127.0.0.1:80  issued 2026-11-22 18:35:34.123456  target exited

        """#

    static let listTable = #"""
        HANDOFF  STATE      SOURCE             TARGET        SOCKET\#
                                         ISSUED                      EXPIRES
        7        delivered  812 (echo-client)  815 (target)  #6 tcp 127.0.0.1:40000 → 127.\#
        0.0.1:80  2026-11-22 18:35:22.123456  2026-11-22 18:40:22.123456
        15       revoked    812 (echo-client)  815 (target)  #6 tcp 127.0.0.1:40000 → 127.\#
        0.0.1:80  2026-11-22 18:35:30.123456
        17       expired    812 (echo-client)  815 (target)  #6 tcp 127.0.0.1:40000 → 127.\#
        0.0.1:80  2026-11-22 18:35:32.123456  2026-11-22 18:35:33.623456
        19       voided     812 (echo-client)  815 (target)  #6 tcp 127.0.0.1:40000 → 127.\#
        0.0.1:80  2026-11-22 18:35:34.123456

        """#

    static let listCSV = #"""
        handoff,state,pid,exe,target_pid,target_exe,socket,local,remote,issued,changed,clo\#
        sed,expires,attempts,program,reason
        7,delivered,812,/usr/bin/echo-client,815,/opt/target,6,127.0.0.1:40000,127.0.0.1:8\#
        0,2026-11-22T18:35:22.123456Z,2026-11-22T18:35:35.123456Z,2026-11-22T18:35:35.1234\#
        56Z,2026-11-22T18:40:22.123456Z,2,/usr/bin/cat,
        15,revoked,812,/usr/bin/echo-client,815,/opt/target,6,127.0.0.1:40000,127.0.0.1:80\#
        ,2026-11-22T18:35:30.123456Z,2026-11-22T18:35:31.123456Z,,,0,,"no, ""sorry"""
        17,expired,812,/usr/bin/echo-client,815,/opt/target,6,127.0.0.1:40000,127.0.0.1:80\#
        ,2026-11-22T18:35:32.123456Z,2026-11-22T18:35:33.123456Z,,2026-11-22T18:35:33.6234\#
        56Z,0,,
        19,voided,812,/usr/bin/echo-client,815,/opt/target,6,127.0.0.1:40000,127.0.0.1:80,\#
        2026-11-22T18:35:34.123456Z,2026-11-22T18:35:37.123456Z,,,0,,target exited

        """#

    static let listJSON = #"""
        {"handoff":7,"state":"delivered","pid":812,"uid":1000,"exe":"/usr/bin/echo-client"\#
        ,"target_pid":815,"target_uid":1000,"target_exe":"/opt/target","target_exited":"20\#
        26-11-22T18:35:36.123456Z","socket":6,"protocol":"tcp","local":"127.0.0.1:40000","\#
        remote":"127.0.0.1:80","form":"W","flags":1,"target_flags":1,"issued":"2026-11-22T\#
        18:35:22.123456Z","changed":"2026-11-22T18:35:35.123456Z","closed":"2026-11-22T18:\#
        35:35.123456Z","expires":"2026-11-22T18:40:22.123456Z","attempts":2,"program":"/us\#
        r/bin/cat","last_seq":20}
        {"handoff":15,"state":"revoked","pid":812,"uid":1000,"exe":"/usr/bin/echo-client",\#
        "target_pid":815,"target_uid":1000,"target_exe":"/opt/target","target_exited":"202\#
        6-11-22T18:35:36.123456Z","socket":6,"protocol":"tcp","local":"127.0.0.1:40000","r\#
        emote":"127.0.0.1:80","form":"A","flags":1,"issued":"2026-11-22T18:35:30.123456Z",\#
        "changed":"2026-11-22T18:35:31.123456Z","attempts":0,"reason":"no, \"sorry\"","las\#
        t_seq":16}
        {"handoff":17,"state":"expired","pid":812,"uid":1000,"exe":"/usr/bin/echo-client",\#
        "target_pid":815,"target_uid":1000,"target_exe":"/opt/target","target_exited":"202\#
        6-11-22T18:35:36.123456Z","socket":6,"protocol":"tcp","local":"127.0.0.1:40000","r\#
        emote":"127.0.0.1:80","form":"W","flags":1,"issued":"2026-11-22T18:35:32.123456Z",\#
        "changed":"2026-11-22T18:35:33.123456Z","expires":"2026-11-22T18:35:33.623456Z","a\#
        ttempts":0,"last_seq":18}
        {"handoff":19,"state":"voided","pid":812,"uid":1000,"exe":"/usr/bin/echo-client","\#
        target_pid":815,"target_uid":1000,"target_exe":"/opt/target","target_exited":"2026\#
        -11-22T18:35:36.123456Z","socket":6,"protocol":"tcp","local":"127.0.0.1:40000","re\#
        mote":"127.0.0.1:80","form":"W","flags":1,"issued":"2026-11-22T18:35:34.123456Z","\#
        changed":"2026-11-22T18:35:37.123456Z","attempts":0,"reason":"target exited","last\#
        _seq":22}

        """#

    static let showShort = #"""
        handoff         #7
        state           delivered
        source          pid 812  uid 1000  /usr/bin/echo-client
        target          pid 815  uid 1000  /opt/target  exited 2026-11-22 18:35:36.123456
        socket          #6 tcp 127.0.0.1:40000 → 127.0.0.1:80
        issued          2026-11-22 18:35:22.123456
        changed         2026-11-22 18:35:35.123456
        expires         2026-11-22 18:40:22.123456
        closed          2026-11-22 18:35:35.123456
        flags           WSA_FLAG_OVERLAPPED
        target's flags  WSA_FLAG_OVERLAPPED
        attempts        2
        program         /usr/bin/cat

        record
          form                W, 628 bytes
          dwServiceFlags1     0x00020066  XP1_GUARANTEED_DELIVERY | XP1_GUARANTEED_ORDER |\#
         XP1_GRACEFUL_CLOSE | XP1_EXPEDITED_DATA | XP1_IFS_HANDLES
          dwServiceFlags2     0x00000000  handoff number, high
          dwServiceFlags3     ****        secret
          dwServiceFlags4     ****        secret
          dwProviderFlags     0x00000008  PFL_MATCHES_PROTOCOL_ZERO
          ProviderId          {E70F1AA0-AB8B-11CF-8CA3-00805F48A192}
          dwCatalogEntryId    1001        MSAFD Tcpip [TCP/IP]
          ProtocolChain       1           BASE_PROTOCOL
          iVersion            2
          iAddressFamily      2           AF_INET
          iMaxSockAddr        16          bytes
          iMinSockAddr        16          bytes
          iSocketType         1           SOCK_STREAM
          iProtocol           6           IPPROTO_TCP
          iProtocolMaxOffset  0
          iNetworkByteOrder   0           BIGENDIAN
          iSecurityScheme     0           SECURITY_PROTOCOL_NONE
          dwMessageSize       0           a stream, which has no messages
          dwProviderReserved  0x00000007  handoff number, low
          szProtocol          "MSAFD Tcpip [TCP/IP]"
          ticket              handoff 7, secret ****

        events
          #7  2026-11-22 18:35:22.123456 handoff.issued          pid 812 (echo-client) → p\#
        id 815 (target)  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  flags WSA_FLAG_OVER\#
        LAPPED  ttl 300 s
          #10 2026-11-22 18:35:25.123456 redemption.refused      handoff #7  pid 900 (\u{1\#
        b}[31mevil,\n"one"), not pid 815 (target)  socket #6 tcp 127.0.0.1:40000 → 127.0.0\#
        .1:80  refused: wrong process (WSAEINVAL 10022)
          #11 2026-11-22 18:35:26.123456 handoff.reserved        handoff #7  pid 815 (targ\#
        et)  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  attempt 1  flags WSA_FLAG_OVERL\#
        APPED  program /usr/bin/cat
          #12 2026-11-22 18:35:27.123456 delivery.failed         handoff #7  pid 812 (echo\#
        -client) → pid 815 (target)  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  truncat\#
        ed
          #13 2026-11-22 18:35:28.123456 handoff.reserved        handoff #7  pid 815 (targ\#
        et)  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  attempt 2  flags WSA_FLAG_OVERL\#
        APPED  program /usr/bin/cat
          #14 2026-11-22 18:35:29.123456 handoff.delivered       handoff #7  pid 812 (echo\#
        -client) → pid 815 (target)  socket #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  confirm\#
        ed
          #20 2026-11-22 18:35:35.123456 descriptor.closed       pid 815 (target)  socket\#
         #6 tcp 127.0.0.1:40000 → 127.0.0.1:80  closesocket

        """#

    static let showJSON = #"""
        {"handoff":7,"state":"delivered","pid":812,"uid":1000,"exe":"/usr/bin/echo-client"\#
        ,"target_pid":815,"target_uid":1000,"target_exe":"/opt/target","target_exited":"20\#
        26-11-22T18:35:36.123456Z","socket":6,"protocol":"tcp","local":"127.0.0.1:40000","\#
        remote":"127.0.0.1:80","form":"W","flags":1,"target_flags":1,"issued":"2026-11-22T\#
        18:35:22.123456Z","changed":"2026-11-22T18:35:35.123456Z","closed":"2026-11-22T18:\#
        35:35.123456Z","expires":"2026-11-22T18:40:22.123456Z","attempts":2,"program":"/us\#
        r/bin/cat","last_seq":20,"record":{"form":"W","bytes":628,"dwServiceFlags1":["XP1_\#
        GUARANTEED_DELIVERY","XP1_GUARANTEED_ORDER","XP1_GRACEFUL_CLOSE","XP1_EXPEDITED_DA\#
        TA","XP1_IFS_HANDLES"],"dwServiceFlags2":0,"dwServiceFlags3":"****","dwServiceFlag\#
        s4":"****","dwProviderFlags":["PFL_MATCHES_PROTOCOL_ZERO"],"ProviderId":"{E70F1AA0\#
        -AB8B-11CF-8CA3-00805F48A192}","dwCatalogEntryId":1001,"ProtocolChain":{"ChainLen"\#
        :1,"ChainEntries":[0,0,0,0,0,0,0]},"iVersion":2,"iAddressFamily":2,"iMaxSockAddr":\#
        16,"iMinSockAddr":16,"iSocketType":1,"iProtocol":6,"iProtocolMaxOffset":0,"iNetwor\#
        kByteOrder":0,"iSecurityScheme":0,"dwMessageSize":0,"dwProviderReserved":7,"szProt\#
        ocol":"MSAFD Tcpip [TCP/IP]","ticket":{"handoff":7,"secret":"****"}},"events":[{"s\#
        eq":7,"time":"2026-11-22T18:35:22.123456Z","event":"handoff.issued","outcome":"acc\#
        epted","handoff":7,"pid":812,"uid":1000,"exe":"/usr/bin/echo-client","target_pid":\#
        815,"target_exe":"/opt/target","socket":6,"local":"127.0.0.1:40000","remote":"127.\#
        0.0.1:80","actor":4,"catalog":1001,"family":2,"flags":1,"form":"W","mono":57000000\#
        ,"protocol":6,"request":"77.1.0","services":131174,"target":5,"ttl":300000000,"typ\#
        e":1},{"seq":10,"time":"2026-11-22T18:35:25.123456Z","event":"redemption.refused",\#
        "outcome":"refused","reason":"wrong process","handoff":7,"pid":900,"uid":1001,"exe\#
        ":"/tmp/\u001b[31mevil,\n\"one\"","target_pid":815,"target_exe":"/opt/target","soc\#
        ket":6,"local":"127.0.0.1:40000","remote":"127.0.0.1:80","actor":9,"code":10022,"g\#
        enuine":true,"mono":60000000,"request":"77.1.0"},{"seq":11,"time":"2026-11-22T18:3\#
        5:26.123456Z","event":"handoff.reserved","outcome":"accepted","handoff":7,"pid":81\#
        5,"uid":1000,"exe":"/opt/target","target_pid":815,"target_exe":"/opt/target","sock\#
        et":6,"local":"127.0.0.1:40000","remote":"127.0.0.1:80","actor":5,"attempt":1,"fla\#
        gs":1,"mono":61000000,"program":"/usr/bin/cat","request":"77.1.0"},{"seq":12,"time\#
        ":"2026-11-22T18:35:27.123456Z","event":"delivery.failed","outcome":"failed","reas\#
        on":"truncated","handoff":7,"pid":812,"uid":1000,"exe":"/usr/bin/echo-client","tar\#
        get_pid":815,"target_exe":"/opt/target","socket":6,"local":"127.0.0.1:40000","remo\#
        te":"127.0.0.1:80","mono":62000000},{"seq":13,"time":"2026-11-22T18:35:28.123456Z"\#
        ,"event":"handoff.reserved","outcome":"accepted","handoff":7,"pid":815,"uid":1000,\#
        "exe":"/opt/target","target_pid":815,"target_exe":"/opt/target","socket":6,"local"\#
        :"127.0.0.1:40000","remote":"127.0.0.1:80","actor":5,"attempt":2,"flags":1,"mono":\#
        63000000,"program":"/usr/bin/cat","request":"77.2.1"},{"seq":14,"time":"2026-11-22\#
        T18:35:29.123456Z","event":"handoff.delivered","outcome":"accepted","handoff":7,"p\#
        id":812,"uid":1000,"exe":"/usr/bin/echo-client","target_pid":815,"target_exe":"/op\#
        t/target","socket":6,"local":"127.0.0.1:40000","remote":"127.0.0.1:80","how":"conf\#
        irmed","mono":64000000},{"seq":20,"time":"2026-11-22T18:35:35.123456Z","event":"de\#
        scriptor.closed","outcome":"observed","pid":815,"uid":1000,"exe":"/opt/target","so\#
        cket":6,"local":"127.0.0.1:40000","remote":"127.0.0.1:80","how":"closesocket","mon\#
        o":70000000,"process":5}]}
        """#
}
