extension Golden {
    static let decodedText = #"""
        form                W, 628 bytes
        dwServiceFlags1     0x00020066  XP1_GUARANTEED_DELIVERY | XP1_GUARANTEED_ORDER | X\#
        P1_GRACEFUL_CLOSE | XP1_EXPEDITED_DATA | XP1_IFS_HANDLES
        dwServiceFlags2     0x00000001  handoff number, high
        dwServiceFlags3     ****        secret
        dwServiceFlags4     ****        secret
        dwProviderFlags     0x00000008  PFL_MATCHES_PROTOCOL_ZERO
        ProviderId          {F9EAB0C0-26D4-11D0-BBBF-00AA006C34E4}
        dwCatalogEntryId    1004        MSAFD Tcpip [TCP/IPv6]
        ProtocolChain       1           BASE_PROTOCOL
        iVersion            2
        iAddressFamily      23          AF_INET6
        iMaxSockAddr        28          bytes
        iMinSockAddr        28          bytes
        iSocketType         1           SOCK_STREAM
        iProtocol           6           IPPROTO_TCP
        iProtocolMaxOffset  0
        iNetworkByteOrder   0           BIGENDIAN
        iSecurityScheme     0           SECURITY_PROTOCOL_NONE
        dwMessageSize       0           a stream, which has no messages
        dwProviderReserved  0x0000002a  handoff number, low
        szProtocol          "MSAFD Tcpip [TCP/IPv6]"
        ticket              handoff 4294967338, secret ****
        """#

    static let decodedJSON = #"""
        {"form":"A","bytes":372,"dwServiceFlags1":["XP1_GUARANTEED_DELIVERY","XP1_GUARANTE\#
        ED_ORDER","XP1_IFS_HANDLES"],"dwServiceFlags2":1,"dwServiceFlags3":"****","dwServi\#
        ceFlags4":"****","dwProviderFlags":["PFL_MATCHES_PROTOCOL_ZERO"],"ProviderId":"{A0\#
        0943D9-9C2E-4633-9B59-0057A3160994}","dwCatalogEntryId":1007,"ProtocolChain":{"Cha\#
        inLen":1,"ChainEntries":[0,0,0,0,0,0,0]},"iVersion":2,"iAddressFamily":1,"iMaxSock\#
        Addr":110,"iMinSockAddr":2,"iSocketType":1,"iProtocol":0,"iProtocolMaxOffset":0,"i\#
        NetworkByteOrder":0,"iSecurityScheme":0,"dwMessageSize":0,"dwProviderReserved":42,\#
        "szProtocol":"AF_UNIX","ticket":{"handoff":4294967338,"secret":"****"}}
        """#

    static let decoded = decodedText.split(separator: "\n").map { String($0) }
}
