public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: send.
@c @implementation
public func ws2_send(
    _ s: SOCKET, _ buf: UnsafePointer<CChar>?, _ len: Int32, _ flags: Int32
) -> Int32 {
    attempt(otherwise: socketError) { () throws(CallFailure) in
        let number = try Library.started(s)
        let start = unsafe UnsafeMutableRawPointer(mutating: buf)
        let buffers = unsafe [try CallerBuffer(program: start, len)]
        return Int32(unsafe try send(number, buffers, flags, nil, 0))
    }
}

/// Winsock: sendto.
@c @implementation
public func ws2_sendto(
    _ s: SOCKET, _ buf: UnsafePointer<CChar>?, _ len: Int32, _ flags: Int32,
    _ to: UnsafePointer<sockaddr>?, _ tolen: Int32
) -> Int32 {
    attempt(otherwise: socketError) { () throws(CallFailure) in
        let number = try Library.started(s)
        let start = unsafe UnsafeMutableRawPointer(mutating: buf)
        let buffers = unsafe [try CallerBuffer(program: start, len)]
        return Int32(unsafe try send(number, buffers, flags, to, tolen))
    }
}

/// Winsock: WSASend. Not overlapped.
@c @implementation
public func WSASend(
    _ s: SOCKET, _ lpBuffers: LPWSABUF?, _ dwBufferCount: DWORD, _ lpNumberOfBytesSent: LPDWORD?,
    _ dwFlags: DWORD, _ lpOverlapped: LPWSAOVERLAPPED?,
    _ lpCompletionRoutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE?
) -> Int32 {
    unsafe WSASendTo(
        s, lpBuffers, dwBufferCount, lpNumberOfBytesSent, dwFlags, nil, 0, lpOverlapped,
        lpCompletionRoutine)
}

/// Winsock: WSASendTo. Not overlapped.
@c @implementation
public func WSASendTo(
    _ s: SOCKET, _ lpBuffers: LPWSABUF?, _ dwBufferCount: DWORD, _ lpNumberOfBytesSent: LPDWORD?,
    _ dwFlags: DWORD, _ lpTo: UnsafePointer<sockaddr>?, _ iTolen: Int32,
    _ lpOverlapped: LPWSAOVERLAPPED?, _ lpCompletionRoutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE?
) -> Int32 {
    attempt { () throws(CallFailure) in
        let number = try Library.started(s)
        unsafe try refuseOverlapped(lpOverlapped, lpCompletionRoutine)
        let buffers = unsafe try callerBuffers(lpBuffers, dwBufferCount)
        let count = unsafe lpNumberOfBytesSent
        try asking { () throws(Errno) in unsafe try CallerMemory.checkWritable(4, at: count) }
        let sent = unsafe try send(number, buffers, Int32(bitPattern: dwFlags), lpTo, iTolen)
        unsafe try giveNumber(UInt32(clamping: sent), to: count)
    }
}

/// A socket that waits sends all of a stream, however often the kernel stops on the way.
private func send(
    _ number: Int32, _ buffers: [CallerBuffer], _ flags: Int32, _ to: UnsafeRawPointer?,
    _ byteCount: Int32
) throws(CallFailure) -> Int {
    let type = try Library.type(of: number)
    // A peer is the only one a stream sends to.
    var address: [UInt8] = []
    if let to = unsafe to, type != .stream {
        address = unsafe try callerAddress(at: to, byteCount: byteCount, for: number).linuxBytes
    }
    if Library.known(number)?.isSendShutDown == true { throw CallFailure(.shutDown) }
    // Linux would give it an address before it says no.
    if type == .datagram, address.isEmpty, try !Library.hasAddress(number) {
        throw CallFailure(.notConnected)
    }
    let linuxFlags = try sendFlags(flags, number)
    let wanted = unsafe buffers.reduce(0) { unsafe $0 + $1.count }
    var sent = 0
    do throws(Errno) {
        sent = unsafe try SocketCalls.send(number, from: buffers, flags: linuxFlags, to: address)
        while type == .stream, sent > 0, sent < wanted,
            try !SocketCalls.isNonBlocking(number)
        {
            sent += unsafe try SocketCalls.send(
                number, from: rest(of: buffers, after: sent), flags: linuxFlags, to: [])
        }
        return sent
    } catch {
        // What has gone is to be known first.
        if sent > 0 { return sent }
        let failure = sendFailure(error, number, type)
        if failure.code != .wouldBlock, let code = NetworkEventHooks.takeError(number) {
            throw CallFailure(code)
        }
        if failure.code == .wouldBlock { NetworkEventHooks.called(number, .sendWouldBlock) }
        throw failure
    }
}

private func sendFlags(_ flags: Int32, _ number: Int32) throws(CallFailure) -> Int32 {
    let flags = MessageFlags(rawValue: flags)
    let service = flags.isEmpty ? [] : try Library.entry(of: number).info.serviceFlags1
    return try deciding { () throws(WSAError) in try flags.linuxSendFlags(service: service) }
}

private func rest(of buffers: [CallerBuffer], after sent: Int) -> [CallerBuffer] {
    var passed = sent
    var rest = unsafe [CallerBuffer]()
    for index in unsafe buffers.indices {
        let buffer = unsafe buffers[index]
        let skipped = unsafe min(passed, buffer.count)
        passed -= skipped
        guard unsafe skipped < buffer.count else { continue }
        let start = unsafe buffer.start.map { unsafe $0 + skipped }
        unsafe rest.append(CallerBuffer(start: start, count: buffer.count - skipped))
    }
    return unsafe rest
}

/// Windows tells apart what Linux calls a broken pipe.
private func sendFailure(_ error: Errno, _ number: Int32, _ type: SocketType) -> CallFailure {
    switch error {
    case .again: return Library.timeLimitOrWouldBlock(number)
    case .destinationAddressRequired: return CallFailure(.notConnected)
    // That nobody was there for an earlier datagram.
    case .connectionRefused where type == .datagram: return CallFailure(.connectionReset)
    case .brokenPipe: return CallFailure(codeOfBrokenPipe(number))
    default: return CallFailure(error)
    }
}

private func codeOfBrokenPipe(_ number: Int32) -> WSAError {
    do throws(Errno) {
        let now = try SocketCalls.pollNow(number, events: PollRequest.peerHangUp)
        // Without it the socket is shut down for sending alone: by another process that has it.
        guard now & PollRequest.hangUp != 0 else { return .shutDown }
        return now & PollRequest.peerHangUp != 0 ? .connectionReset : .notConnected
    } catch {
        return .connectionReset
    }
}
