public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: recv.
@c @implementation
public func ws2_recv(
    _ s: SOCKET, _ buf: UnsafeMutablePointer<CChar>?, _ len: Int32, _ flags: Int32
) -> Int32 {
    attempt(otherwise: socketError) { () throws(CallFailure) in
        let number = try Library.started(s)
        let buffers = unsafe [try CallerBuffer(program: buf, len)]
        let received = unsafe try receive(number, buffers, flags, nil)
        try received.requireWhole()
        return Int32(received.byteCount)
    }
}

/// Winsock: recvfrom.
@c @implementation
public func ws2_recvfrom(
    _ s: SOCKET, _ buf: UnsafeMutablePointer<CChar>?, _ len: Int32, _ flags: Int32,
    _ from: UnsafeMutablePointer<sockaddr>?, _ fromlen: UnsafeMutablePointer<Int32>?
) -> Int32 {
    attempt(otherwise: socketError) { () throws(CallFailure) in
        let number = try Library.started(s)
        let buffers = unsafe [try CallerBuffer(program: buf, len)]
        let room = unsafe try AddressRoom(from, fromlen)
        let received = unsafe try receive(number, buffers, flags, room)
        try received.requireWhole()
        return Int32(received.byteCount)
    }
}

/// Winsock: WSARecv. Not overlapped.
@c @implementation
public func WSARecv(
    _ s: SOCKET, _ lpBuffers: LPWSABUF?, _ dwBufferCount: DWORD, _ lpNumberOfBytesRecvd: LPDWORD?,
    _ lpFlags: LPDWORD?, _ lpOverlapped: LPWSAOVERLAPPED?,
    _ lpCompletionRoutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE?
) -> Int32 {
    unsafe WSARecvFrom(
        s, lpBuffers, dwBufferCount, lpNumberOfBytesRecvd, lpFlags, nil, nil, lpOverlapped,
        lpCompletionRoutine)
}

/// Winsock: WSARecvFrom. Not overlapped.
@c @implementation
public func WSARecvFrom(
    _ s: SOCKET, _ lpBuffers: LPWSABUF?, _ dwBufferCount: DWORD, _ lpNumberOfBytesRecvd: LPDWORD?,
    _ lpFlags: LPDWORD?, _ lpFrom: UnsafeMutablePointer<sockaddr>?, _ lpFromlen: LPINT?,
    _ lpOverlapped: LPWSAOVERLAPPED?, _ lpCompletionRoutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE?
) -> Int32 {
    attempt { () throws(CallFailure) in
        let number = try Library.started(s)
        unsafe try refuseOverlapped(lpOverlapped, lpCompletionRoutine)
        let buffers = unsafe try callerBuffers(lpBuffers, dwBufferCount)
        let flags = unsafe try callerNumber(at: lpFlags)
        let count = unsafe lpNumberOfBytesRecvd
        try asking { () throws(Errno) in unsafe try CallerMemory.checkWritable(4, at: count) }
        let room = unsafe try AddressRoom(lpFrom, lpFromlen)
        let received = unsafe try receive(number, buffers, Int32(bitPattern: flags), room)
        unsafe try giveNumber(UInt32(clamping: received.byteCount), to: count)
        let answer = UInt32(bitPattern: received.flags.rawValue)
        unsafe try giveNumber(answer, to: lpFlags)
        try received.requireWhole()
    }
}

private struct Received {
    let byteCount: Int
    let flags: MessageFlags
    let isTruncated: Bool

    /// Winsock: WSAEMSGSIZE. The buffer is filled nevertheless, and the rest is lost.
    func requireWhole() throws(CallFailure) {
        if isTruncated {
            throw CallFailure(.messageTooLong, "the message was longer than the buffer")
        }
    }
}

private func receive(
    _ number: Int32, _ buffers: [CallerBuffer], _ flags: Int32, _ room: AddressRoom?
) throws(CallFailure) -> Received {
    let type = try Library.type(of: number)
    // A stream has one sender, whom the program knows.
    let wantsSender = unsafe room != nil && type != .stream
    if wantsSender { unsafe try room?.check(for: number) }
    let linuxFlags = try receiveFlags(flags, number)
    var hasTaken = false
    defer { NetworkEventHooks.received(number, hasTaken: hasTaken) }
    if Library.known(number)?.isReceiveShutDown == true { throw CallFailure(.shutDown) }
    // Nothing can come: Linux would wait for ever.
    if type == .datagram {
        guard try Library.hasAddress(number) else {
            throw CallFailure(.invalidArgument, "the socket has not been bound")
        }
    }
    let message: ReceivedMessage
    do throws(Errno) {
        message = unsafe try SocketCalls.receive(
            number, into: buffers, flags: linuxFlags, wantsSender: wantsSender)
    } catch .again {
        throw Library.timeLimitOrWouldBlock(number)
    } catch .connectionRefused where type == .datagram {
        // That nobody was there for an earlier datagram.
        throw CallFailure(.connectionReset)
    } catch {
        throw CallFailure(error)
    }
    let leaving = MessageFlags(rawValue: flags).isDisjoint(with: [.peek, .outOfBand])
    hasTaken = leaving && message.byteCount > 0
    // The end of a connection that broke: watching its events has fetched the error. A receive
    // into no room is no end.
    if message.byteCount == 0, type == .stream,
        unsafe buffers.contains(where: { unsafe $0.count > 0 }),
        let code = NetworkEventHooks.takeError(number)
    {
        throw CallFailure(code)
    }
    if wantsSender { unsafe try room?.write(linux: message.sender) }
    let (answer, isTruncated) = MessageFlags.received(linux: message.flags)
    return Received(
        byteCount: message.byteCount, flags: answer, isTruncated: isTruncated && type != .stream)
}

private func receiveFlags(_ flags: Int32, _ number: Int32) throws(CallFailure) -> Int32 {
    let flags = MessageFlags(rawValue: flags)
    guard !flags.isEmpty else { return 0 }
    let service = try Library.entry(of: number).info.serviceFlags1
    let isNonBlocking = try asking { () throws(Errno) in try SocketCalls.isNonBlocking(number) }
    return try deciding { () throws(WSAError) in
        try flags.linuxReceiveFlags(
            service: service, blocking: isNonBlocking ? .nonBlocking : .blocking)
    }
}
