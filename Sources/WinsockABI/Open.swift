internal import Baton
public import CWinsock2
internal import Transport
internal import Winsock

/// INVALID_SOCKET.
let invalidSocket = SOCKET.max

/// Winsock: WSASocketA.
@c @implementation
public func WSASocketA(
    _ af: Int32, _ type: Int32, _ protocol: Int32,
    _ lpProtocolInfo: UnsafeMutablePointer<WSAPROTOCOL_INFOA>?, _ g: GROUP, _ dwFlags: DWORD
) -> SOCKET {
    let triple = SocketTriple(family: af, type: type, protocolNumber: `protocol`)
    return unsafe open(triple, lpProtocolInfo, as: .ansi, group: g, flags: dwFlags)
}

/// Winsock: WSASocketW.
@c @implementation
public func WSASocketW(
    _ af: Int32, _ type: Int32, _ protocol: Int32,
    _ lpProtocolInfo: UnsafeMutablePointer<WSAPROTOCOL_INFOW>?, _ g: GROUP, _ dwFlags: DWORD
) -> SOCKET {
    let triple = SocketTriple(family: af, type: type, protocolNumber: `protocol`)
    return unsafe open(triple, lpProtocolInfo, as: .wide, group: g, flags: dwFlags)
}

/// Winsock: socket. The socket is overlapped unless the thread asked for others.
@c @implementation
public func ws2_socket(_ af: Int32, _ type: Int32, _ protocol: Int32) -> SOCKET {
    let triple = SocketTriple(family: af, type: type, protocolNumber: `protocol`)
    let flags: SocketFlags = ThreadState.openType == 0 ? .overlapped : []
    return open(triple, nil, as: .ansi, group: 0, flags: flags.rawValue)
}

private func open(
    _ triple: SocketTriple, _ record: UnsafeRawPointer?, as form: ProtocolInfo.Form, group: GROUP,
    flags: DWORD
) -> SOCKET {
    attempt(otherwise: invalidSocket) { () throws(CallFailure) in
        try Library.requireStartup()
        let flags = SocketFlags(rawValue: flags)
        var bytes: [UInt8]?
        if let record = unsafe record {
            bytes = try asking { () throws(Errno) in
                unsafe try CallerMemory.read(form.byteCount, at: record)
            }
        }
        let socket = try open(triple, bytes, group: group, flags: flags)
        // Programs look at the last error alone. Winsock: WSASocket.
        ThreadState.lastError = 0
        ThreadState.setReason("")
        return socket
    }
}

private func open(
    _ triple: SocketTriple, _ bytes: [UInt8]?, group: GROUP, flags: SocketFlags
) throws(CallFailure) -> SOCKET {
    var record: ProtocolInfo?
    if let bytes {
        do throws(ProtocolInfoError) {
            record = try ProtocolInfo(bytes)
        } catch {
            // The coordinator writes down that somebody tried, and gives its reason.
            return try redeem(bytes, flags: flags)
        }
    }
    let opening = try deciding { () throws(WSAError) in
        try SocketOpening.decide(triple, record: record, group: group, flags: flags)
    }
    switch opening {
    case .redeem: return try redeem(bytes ?? [], flags: flags)
    case .create(let socket): return try create(socket, flags: flags)
    }
}

/// A descriptor of a socket that was handed over is never inherited by a program that is executed.
private func redeem(_ record: [UInt8], flags: SocketFlags) throws(CallFailure) -> SOCKET {
    let socket = try asking { () throws(BatonError) in
        try Library.client.open(record: record, options: OpenOptions(flags: flags))
    }
    let cookie = socket.cookie
    return Library.add(socket.release(), cookie: cookie, flags: flags, isShared: true)
}

private func create(_ socket: ResolvedSocket, flags: SocketFlags) throws(CallFailure) -> SOCKET {
    try asking { () throws(Errno) in
        let number = try SocketCalls.socket(
            family: socket.family.linux, type: socket.type.rawValue,
            protocolNumber: socket.protocolNumber,
            isInherited: !flags.contains(.noHandleInherit))
        do throws(Errno) {
            for option in socket.initialOptions {
                try SocketCalls.setOption(
                    number, level: option.level, name: option.name, value: option.value)
            }
            return Library.add(
                number, cookie: try SocketCalls.cookie(of: number), flags: flags)
        } catch {
            SocketCalls.close(number)
            throw error
        }
    }
}
