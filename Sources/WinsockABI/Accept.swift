public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: accept.
@c @implementation
public func ws2_accept(
    _ s: SOCKET, _ addr: UnsafeMutablePointer<sockaddr>?, _ addrlen: UnsafeMutablePointer<Int32>?
) -> SOCKET {
    attempt(otherwise: invalidSocket) { () throws(CallFailure) in
        unsafe try accept(s, addr, addrlen, deciding: nil, data: 0)
    }
}

/// Winsock: WSAAccept. The connection is made already when the condition function is asked; one
/// that it rejects is reset.
@c @implementation
public func WSAAccept(
    _ s: SOCKET, _ addr: UnsafeMutablePointer<sockaddr>?, _ addrlen: LPINT?,
    _ lpfnCondition: LPCONDITIONPROC?, _ dwCallbackData: DWORD_PTR
) -> SOCKET {
    attempt(otherwise: invalidSocket) { () throws(CallFailure) in
        unsafe try accept(s, addr, addrlen, deciding: lpfnCondition, data: dwCallbackData)
    }
}

private func accept(
    _ socket: SOCKET, _ address: UnsafeMutableRawPointer?, _ length: UnsafeMutableRawPointer?,
    deciding condition: LPCONDITIONPROC?, data: DWORD_PTR
) throws(CallFailure) -> SOCKET {
    let listener = try Library.started(socket)
    let room = unsafe try AddressRoom(address, length)
    unsafe try room?.check(for: listener)
    defer { NetworkEventHooks.called(listener, .accept) }
    let connection = try nextConnection(of: listener)
    if let condition = unsafe condition {
        switch unsafe ask(condition, of: connection, data: data) {
        case CF_ACCEPT:
            break
        case CF_DEFER where Library.known(listener) == nil:
            // A listener that this library did not make, or that has just been closed, keeps none.
            SocketCalls.closeAbortively(connection.number)
            throw CallFailure(.connectionRefused, "the connection cannot be put off here")
        case CF_DEFER:
            Library.note(listener) { $0.deferred.append(connection) }
            throw CallFailure(.nameTryAgain, "the condition function put the connection off")
        default:
            SocketCalls.closeAbortively(connection.number)
            throw CallFailure(.connectionRefused, "the condition function rejected the connection")
        }
    }
    unsafe try give(connection, to: room)
    let flags = Library.known(listener)?.flags ?? .overlapped
    let accepted = Library.add(connection.number, cookie: connection.cookie, flags: flags)
    Library.note(connection.number) { $0.isBound = true }
    NetworkEventHooks.accepted(connection.number, from: listener)
    return accepted
}

private func give(
    _ connection: DeferredConnection, to room: AddressRoom?
) throws(CallFailure) {
    do throws(CallFailure) {
        unsafe try room?.write(linux: connection.peer)
    } catch {
        SocketCalls.close(connection.number)
        throw error
    }
}

/// One that was put off, or the next of the kernel's. It waits, and is inherited by programs that
/// are executed, as its listener does and is. Winsock: accept.
private func nextConnection(of listener: Int32) throws(CallFailure) -> DeferredConnection {
    while let waiting = nextDeferred(of: listener) {
        // The program may have closed it, or have something else under its number.
        if Library.cookie(of: waiting.number) == waiting.cookie { return waiting }
    }
    do throws(Errno) {
        let (number, peer) = try SocketCalls.accept(
            listener, isNonBlocking: SocketCalls.isNonBlocking(listener),
            isInherited: !SocketCalls.isCloseOnExec(listener))
        return DeferredConnection(
            number: number, cookie: try SocketCalls.cookie(of: number), peer: peer)
    } catch .again {
        throw Library.timeLimitOrWouldBlock(listener)
    } catch {
        throw CallFailure(error)
    }
}

private func nextDeferred(of listener: Int32) -> DeferredConnection? {
    Library.sockets.withLock { table in
        guard var socket = table[listener], !socket.deferred.isEmpty else { return nil }
        let first = socket.deferred.removeFirst()
        table[listener] = socket
        return first
    }
}

/// Runs the program's condition function. Winsock: WSAAccept, lpfnCondition.
private func ask(
    _ condition: LPCONDITIONPROC, of connection: DeferredConnection, data: DWORD_PTR
) -> Int32 {
    var caller = windowsBytes { connection.peer }
    var callee = windowsBytes { () throws(Errno) in
        try SocketCalls.address(of: connection.number, ofPeer: false)
    }
    var group: GROUP = 0
    ThreadState.callbackDepth += 1
    defer { ThreadState.callbackDepth -= 1 }
    return unsafe caller.withUnsafeMutableBytes { caller in
        unsafe callee.withUnsafeMutableBytes { callee in
            var callerID = unsafe WSABUF(
                len: ULONG(caller.count),
                buf: caller.baseAddress?.assumingMemoryBound(to: CChar.self))
            var calleeID = unsafe WSABUF(
                len: ULONG(callee.count),
                buf: callee.baseAddress?.assumingMemoryBound(to: CChar.self))
            var nothing = unsafe WSABUF(len: 0, buf: nil)
            var nothingBack = unsafe WSABUF(len: 0, buf: nil)
            return unsafe condition(
                &callerID, &nothing, nil, nil, &calleeID, &nothingBack, &group, data)
        }
    }
}

/// The address for the condition function; none where the kernel gives none.
private func windowsBytes(_ address: () throws(Errno) -> [UInt8]) -> [UInt8] {
    do throws(CallFailure) {
        let bytes = try asking(address)
        return try deciding { () throws(WSAError) in
            try SocketAddress(linux: bytes).windowsBytes
        }
    } catch {
        return []
    }
}

extension Library {
    /// What EAGAIN means: on a socket that waits, its time limit is over.
    static func timeLimitOrWouldBlock(_ number: Int32) -> CallFailure {
        do throws(Errno) {
            return CallFailure(try SocketCalls.isNonBlocking(number) ? .wouldBlock : .timedOut)
        } catch {
            return CallFailure(error)
        }
    }
}
