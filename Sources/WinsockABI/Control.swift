internal import Baton
public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: ioctlsocket.
@c @implementation
public func ioctlsocket(
    _ s: SOCKET, _ cmd: LONG, _ argp: UnsafeMutablePointer<ws2_u_long>?
) -> Int32 {
    attempt { () throws(CallFailure) in
        let number = try Library.started(s)
        let code = try deciding { () throws(WSAError) in
            try ControlCode(socketControl: UInt32(bitPattern: cmd))
        }
        if code == .nonBlocking {
            return try setNonBlocking(number, unsafe try callerNumber(at: argp) != 0)
        }
        unsafe try giveNumber(try answer(code, number), to: argp)
    }
}

/// Winsock: WSAIoctl. Not overlapped.
@c @implementation
public func WSAIoctl(
    _ s: SOCKET, _ dwIoControlCode: DWORD, _ lpvInBuffer: LPVOID?, _ cbInBuffer: DWORD,
    _ lpvOutBuffer: LPVOID?, _ cbOutBuffer: DWORD, _ lpcbBytesReturned: LPDWORD?,
    _ lpOverlapped: LPWSAOVERLAPPED?, _ lpCompletionRoutine: LPWSAOVERLAPPED_COMPLETION_ROUTINE?
) -> Int32 {
    attempt { () throws(CallFailure) in
        let number = try Library.started(s)
        unsafe try refuseOverlapped(lpOverlapped, lpCompletionRoutine)
        let code = try deciding { () throws(WSAError) in
            try ControlCode(control: dwIoControlCode)
        }
        let returned = unsafe lpcbBytesReturned
        try asking { () throws(Errno) in unsafe try CallerMemory.checkWritable(4, at: returned) }
        switch code {
        case .nonBlocking:
            guard cbInBuffer >= 4 else { throw CallFailure(.badAddress) }
            try setNonBlocking(number, unsafe try callerNumber(at: lpvInBuffer) != 0)
            unsafe try giveNumber(0, to: returned)
        case .unreadByteCount, .atMark:
            guard cbOutBuffer >= 4 else { throw CallFailure(.badAddress) }
            unsafe try giveNumber(try answer(code, number), to: lpvOutBuffer)
            unsafe try giveNumber(4, to: returned)
        case .setQualityOfService:
            unsafe try markQualityOfService(number, lpvInBuffer, byteCount: cbInBuffer)
            unsafe try giveNumber(0, to: returned)
        }
    }
}

private func setNonBlocking(_ number: Int32, _ isNonBlocking: Bool) throws(CallFailure) {
    guard isNonBlocking || NetworkEventHooks.mayBlock(number) else {
        throw CallFailure(.invalidArgument, "network events are selected for the socket")
    }
    try asking { () throws(Errno) in try SocketCalls.setNonBlocking(number, isNonBlocking) }
}

private func answer(_ code: ControlCode, _ number: Int32) throws(CallFailure) -> UInt32 {
    guard let request = code.linux else {
        preconditionFailure("The kernel has no answer to \(code).")
    }
    return try asking { () throws(Errno) in
        let value = try SocketCalls.control(number, request: request)
        guard code == .atMark else { return UInt32(bitPattern: value) }
        let urgent = try SocketCalls.pollNow(number, events: PollRequest.urgent)
        let isAtMark = ControlCode.isAtMark(
            linux: value != 0, hasUrgentData: urgent & PollRequest.urgent != 0)
        return isAtMark ? 1 : 0
    }
}

/// What the program asked for is written down, and the socket cannot be duplicated any more. The
/// flow itself is nobody's promise. Winsock: SIO_SET_QOS, QOS.
private func markQualityOfService(
    _ number: Int32, _ record: UnsafeRawPointer?, byteCount: DWORD
) throws(CallFailure) {
    guard byteCount >= 80 else { throw CallFailure(.badAddress, "a QOS has 80 bytes") }
    let bytes = try asking { () throws(Errno) in unsafe try CallerMemory.read(80, at: record) }
    func flow(_ start: Int) -> String {
        let words = stride(from: start, to: start + 32, by: 4).map { word(bytes, at: $0) }
        return words.map { $0 == .max ? "-" : String($0) }.joined(separator: " ")
    }
    try asking { () throws(BatonError) in
        try Library.client.markQualityOfService(
            descriptor: number, text: "SIO_SET_QOS sending \(flow(0)); receiving \(flow(32))")
    }
}
