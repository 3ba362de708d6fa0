internal import Baton
public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: WSADuplicateSocketA.
@c @implementation
public func WSADuplicateSocketA(
    _ s: SOCKET, _ dwProcessId: DWORD, _ lpProtocolInfo: UnsafeMutablePointer<WSAPROTOCOL_INFOA>?
) -> Int32 {
    attempt { () throws(CallFailure) in
        unsafe try duplicate(s, for: dwProcessId, as: .ansi, into: lpProtocolInfo)
    }
}

/// Winsock: WSADuplicateSocketW.
@c @implementation
public func WSADuplicateSocketW(
    _ s: SOCKET, _ dwProcessId: DWORD, _ lpProtocolInfo: UnsafeMutablePointer<WSAPROTOCOL_INFOW>?
) -> Int32 {
    attempt { () throws(CallFailure) in
        unsafe try duplicate(s, for: dwProcessId, as: .wide, into: lpProtocolInfo)
    }
}

/// The order of the checks is Windows': startup, socket, process, buffer.
private func duplicate(
    _ socket: SOCKET, for process: DWORD, as form: ProtocolInfo.Form,
    into record: UnsafeMutableRawPointer?
) throws(CallFailure) {
    try Library.requireStartup()
    guard ThreadState.callbackDepth == 0 else {
        throw CallFailure(.inProgress, "a callback of this thread is still being processed")
    }
    let number = try Library.descriptor(of: socket)
    // Before anything is issued: a ticket that cannot be handed out would only wait for its end.
    do throws(Errno) {
        unsafe try CallerMemory.checkWritable(form.byteCount, at: record)
    } catch {
        guard Library.exists(process) else {
            throw CallFailure(.invalidArgument, "there is no process \(process)")
        }
        throw CallFailure(.badAddress, "the buffer cannot hold a record of \(form.byteCount) bytes")
    }
    guard let pid = Int32(exactly: process), pid > 0 else {
        throw CallFailure(.invalidArgument, "\(process) is not the id of a process")
    }
    let flags = Library.sockets.withLock { $0[number]?.flags } ?? .overlapped
    // A registration of its network events is announced first: then the coordinator knows the
    // descriptor, whatever becomes of the request.
    if !NetworkEventHooks.canBlock(number) {
        try asking { () throws(Errno) in try Library.share(number) }
    }
    let info = try asking { () throws(BatonError) in
        try Library.client.duplicate(
            descriptor: number, for: .process(pid),
            options: DuplicateOptions(flags: flags, form: form))
    }
    try asking { () throws(Errno) in
        try Library.share(number)
        unsafe try CallerMemory.write(info.encoded(as: form), at: record)
    }
}

extension Library {
    /// Whether a process has this id now.
    fileprivate static func exists(_ process: DWORD) -> Bool {
        guard let pid = Int32(exactly: process), pid > 0 else { return false }
        do throws(Errno) {
            _ = try ProcessHandle(pid: pid)
            return true
        } catch {
            return false
        }
    }

    /// From here on the coordinator knows of this descriptor.
    static func share(_ number: Int32) throws(Errno) {
        let cookie = try SocketCalls.cookie(of: number)
        sockets.withLock {
            var socket = $0[number] ?? OpenSocket(flags: .overlapped, cookie: cookie)
            socket.cookie = cookie
            socket.sharedBy = .current
            $0[number] = socket
        }
    }
}
