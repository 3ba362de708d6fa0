public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: WSAPoll. Entries with a negative number are passed over; one that is no socket has
/// POLLNVAL.
@c @implementation
public func WSAPoll(
    _ fdArray: UnsafeMutablePointer<WSAPOLLFD>?, _ fds: ULONG, _ timeout: INT
) -> Int32 {
    attempt(otherwise: socketError) { () throws(CallFailure) in
        try Library.requireStartup()
        guard fds > 0 else { throw CallFailure(.invalidArgument, "there is no socket to poll") }
        guard fds <= largestCount else { throw CallFailure(.noBufferSpace) }
        var entries = unsafe try readEntries(fdArray, Int(fds))
        var requests: [PollRequest] = []
        for entry in entries {
            let events = try deciding { () throws(WSAError) in
                try entry.requested.linuxRequest()
            }
            requests.append(PollRequest(number: entry.number ?? -1, events: events))
        }
        let isAnyInvalid = entries.contains { $0.isInvalid }
        let limit = timeout < 0 ? nil : Int64(timeout) * 1_000_000
        try asking { () throws(Errno) in
            try wait(for: &requests, nanoseconds: isAnyInvalid ? 0 : limit)
            for index in entries.indices where !entries[index].isInvalid {
                entries[index].answered = try answered(requests[index], entries[index].requested)
            }
        }
        var count: Int32 = 0
        for (index, entry) in entries.enumerated() {
            if !entry.answered.isEmpty { count += 1 }
            let bytes = littleEndian(entry.answered.rawValue)
            let start = UnsafeMutableRawPointer(fdArray)
            unsafe try giveBytes(bytes, to: start.map { unsafe $0 + (stride * index + 10) })
        }
        return count
    }
}

/// Until there is an answer or the time is over; nil waits for ever. A descriptor that another
/// thread closes meanwhile is found to be none.
private func wait(for requests: inout [PollRequest], nanoseconds: Int64?) throws(Errno) {
    let start = Int64(Clock.monotonicNanoseconds())
    while true {
        let passed = Int64(Clock.monotonicNanoseconds()) - start
        let rest = nanoseconds.map { max(0, $0 - passed) }
        let limit = min(rest ?? .max, SelectWait.patience)
        let count = try SocketCalls.poll(&requests, nanoseconds: limit)
        if count > 0 || rest == 0 { return }
    }
}

/// struct WSAPOLLFD: the socket, what is asked for, what is answered.
private let stride = 16

/// What a process can have open.
private let largestCount: ULONG = 1 << 20

private struct PollEntry {
    /// Nil for one that is passed over, and for one that is no socket.
    var number: Int32?
    var isInvalid = false
    var requested: PollEvents
    var answered: PollEvents = []
}

private func readEntries(
    _ array: UnsafeRawPointer?, _ count: Int
) throws(CallFailure) -> [PollEntry] {
    let bytes = try asking { () throws(Errno) in
        unsafe try CallerMemory.read(stride * count, at: array)
    }
    return (0..<count).map { index in
        let start = stride * index
        let socket =
            SOCKET(word(bytes, at: start)) | SOCKET(word(bytes, at: start + 4)) << 32
        let events = Int16(truncatingIfNeeded: word(bytes, at: start + 8))
        var entry = PollEntry(requested: PollEvents(rawValue: events))
        guard Int(bitPattern: socket) >= 0 else { return entry }
        do throws(CallFailure) {
            entry.number = try Library.descriptor(of: socket)
        } catch {
            entry.isInvalid = true
            entry.answered = .invalid
        }
        return entry
    }
}

private func answered(
    _ request: PollRequest, _ requested: PollEvents
) throws(Errno) -> PollEvents {
    guard request.number >= 0, request.answer != 0 else { return [] }
    let isCountNeeded = PollEvents.needsUnreadByteCount(
        linux: request.answer, requested: requested)
    var unread = 0
    if isCountNeeded, let code = ControlCode.unreadByteCount.linux {
        unread = Int(try SocketCalls.control(request.number, request: code))
    }
    return PollEvents.answered(
        linux: request.answer, requested: requested, unreadByteCount: unread)
}
