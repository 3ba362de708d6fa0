internal import CWinsock2
internal import Transport
internal import Winsock

extension CallerBuffer {
    /// WSAEFAULT for less than nothing, and for nowhere, before the call waits.
    init(program start: UnsafeMutableRawPointer?, _ byteCount: Int32) throws(CallFailure) {
        guard byteCount >= 0, unsafe start != nil || byteCount == 0 else {
            throw CallFailure(.badAddress)
        }
        unsafe self.init(start: start, count: Int(byteCount))
    }
}

/// The buffers of WSASend and WSARecv. Winsock: WSABUF.
func callerBuffers(
    _ list: UnsafeRawPointer?, _ count: DWORD
) throws(CallFailure) -> [CallerBuffer] {
    guard unsafe list != nil else { throw CallFailure(.badAddress) }
    guard count > 0 else { throw CallFailure(.invalidArgument, "there is no buffer") }
    guard count <= SocketCalls.bufferLimit else {
        throw CallFailure(.noBufferSpace, "one call takes \(SocketCalls.bufferLimit) buffers")
    }
    // A length, and after its padding an address.
    let stride = 16
    let bytes = try asking { () throws(Errno) in
        unsafe try CallerMemory.read(Int(count) * stride, at: list)
    }
    var buffers = unsafe [CallerBuffer]()
    for start in Swift.stride(from: 0, to: bytes.count, by: stride) {
        let low = UInt(word(bytes, at: start + 8))
        let high = UInt(word(bytes, at: start + 12))
        let address = unsafe UnsafeMutableRawPointer(bitPattern: low | high << 32)
        let length = Int(word(bytes, at: start))
        guard unsafe address != nil || length == 0 else { throw CallFailure(.badAddress) }
        unsafe buffers.append(CallerBuffer(start: address, count: length))
    }
    return unsafe buffers
}

/// Winsock: WSAOVERLAPPED. Nothing here completes later.
func refuseOverlapped(
    _ overlapped: LPWSAOVERLAPPED?, _ routine: LPWSAOVERLAPPED_COMPLETION_ROUTINE?
) throws(CallFailure) {
    guard unsafe overlapped == nil, unsafe routine == nil else {
        throw CallFailure(
            .operationNotSupported, "overlapped operations are not supported: pass NULL")
    }
}
