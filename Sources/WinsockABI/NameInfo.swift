public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: getnameinfo.
@c @implementation
public func ws2_getnameinfo(
    _ pSockaddr: UnsafePointer<SOCKADDR>?, _ SockaddrLength: ws2_socklen_t, _ pNodeBuffer: PCHAR?,
    _ NodeBufferSize: DWORD, _ pServiceBuffer: PCHAR?, _ ServiceBufferSize: DWORD, _ Flags: INT
) -> INT {
    let node = unsafe TextRoom(start: pNodeBuffer, capacity: NodeBufferSize)
    let service = unsafe TextRoom(start: pServiceBuffer, capacity: ServiceBufferSize)
    return unsafe name(pSockaddr, SockaddrLength, as: .narrow, node, service, Flags)
}

/// Winsock: GetNameInfoW.
@c @implementation
public func GetNameInfoW(
    _ pSockaddr: UnsafePointer<SOCKADDR>?, _ SockaddrLength: ws2_socklen_t, _ pNodeBuffer: PWCHAR?,
    _ NodeBufferSize: DWORD, _ pServiceBuffer: PWCHAR?, _ ServiceBufferSize: DWORD, _ Flags: INT
) -> INT {
    let node = unsafe TextRoom(start: pNodeBuffer, capacity: NodeBufferSize)
    let service = unsafe TextRoom(start: pServiceBuffer, capacity: ServiceBufferSize)
    return unsafe name(pSockaddr, SockaddrLength, as: .wide, node, service, Flags)
}

/// Where the program wants a text, in characters; nothing is wanted where there is no room at all.
@unsafe private struct TextRoom {
    let start: UnsafeMutableRawPointer?
    let capacity: DWORD

    var isWanted: Bool { unsafe start != nil && capacity > 0 }

    func write(_ text: [UInt8], as form: TextForm) throws(CallFailure) {
        guard unsafe isWanted else { return }
        let (bytes, count) = form.encoded(text)
        guard unsafe count <= capacity else {
            throw CallFailure(.badAddress, "the text needs \(count) characters")
        }
        unsafe try giveBytes(bytes, to: start)
    }
}

private func name(
    _ address: UnsafeRawPointer?, _ byteCount: Int32, as form: TextForm, _ node: TextRoom,
    _ service: TextRoom, _ flags: INT
) -> INT {
    attemptCode { () throws(CallFailure) in
        try Library.requireStartup()
        let address = unsafe try callerAddress(at: address, byteCount: byteCount)
        guard address.family != .unix else { throw CallFailure(.addressFamilyNotSupported) }
        let linuxFlags = try deciding { () throws(WSAError) in
            try NameInfoFlags(rawValue: flags).linux()
        }
        let (wantsNode, wantsService) = unsafe (node.isWanted, service.isWanted)
        guard wantsNode || wantsService else { throw CallFailure(.hostNotFound) }
        let names = try resolving { () throws(NameCallError) in
            try NameCalls.names(
                of: address.linuxBytes, flags: linuxFlags, wantsHost: wantsNode,
                wantsService: wantsService)
        }
        unsafe try node.write(names.host, as: form)
        unsafe try service.write(names.service, as: form)
    }
}
