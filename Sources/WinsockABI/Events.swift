public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: WSACreateEvent. Manual-reset, and not signalled.
@c @implementation
public func WSACreateEvent() -> WSAEVENT? {
    unsafe attempt(otherwise: nil) { () throws(CallFailure) in
        try Library.requireStartup()
        let object = try asking { () throws(Errno) in try EventObject() }
        return unsafe Library.events.withLock { unsafe $0.add(object) }
    }
}

/// Winsock: WSASetEvent.
@c @implementation
public func WSASetEvent(_ hEvent: WSAEVENT?) -> BOOL {
    succeeds { () throws(CallFailure) in unsafe try Library.event(hEvent).set() }
}

/// Winsock: WSAResetEvent.
@c @implementation
public func WSAResetEvent(_ hEvent: WSAEVENT?) -> BOOL {
    succeeds { () throws(CallFailure) in unsafe try Library.event(hEvent).reset() }
}

/// Winsock: WSACloseEvent. Registrations that signal the object go on without effect.
@c @implementation
public func WSACloseEvent(_ hEvent: WSAEVENT?) -> BOOL {
    succeeds { () throws(CallFailure) in
        guard Library.events.withLock({ unsafe $0.remove(hEvent) }) != nil else {
            throw CallFailure(.invalidHandle, "that is no handle of an event object")
        }
    }
}

/// Runs a call that gives TRUE or FALSE, after the check for WSAStartup.
private func succeeds(_ body: () throws(CallFailure) -> Void) -> BOOL {
    attempt(otherwise: 0) { () throws(CallFailure) in
        try Library.requireStartup()
        try body()
        return 1
    }
}

/// Winsock: WSAWaitForMultipleEvents. Nothing here is alertable: there are no completion routines.
@c @implementation
public func WSAWaitForMultipleEvents(
    _ cEvents: DWORD, _ lphEvents: UnsafePointer<WSAEVENT?>?, _ fWaitAll: BOOL,
    _ dwTimeout: DWORD, _ fAlertable: BOOL
) -> DWORD {
    attempt(otherwise: DWORD.max) { () throws(CallFailure) in
        try Library.requireStartup()
        guard (1...64).contains(cEvents) else {
            throw CallFailure(.invalidParameter, "one to 64 event objects can be waited for")
        }
        let objects = try unsafe eventObjects(Int(cEvents), at: lphEvents)
        let deadline = dwTimeout == DWORD.max ? nil : Deadline(milliseconds: dwTimeout)
        return try asking { () throws(Errno) in
            let index =
                fWaitAll != 0
                ? try waitForAll(objects, until: deadline)
                : try waitForAny(objects, until: deadline)
            // WSA_WAIT_EVENT_0 is 0.
            return index ?? waitTimedOut
        }
    }
}

/// WSA_WAIT_TIMEOUT.
private let waitTimedOut: DWORD = 0x102

private func eventObjects(
    _ count: Int, at handles: UnsafePointer<WSAEVENT?>?
) throws(CallFailure) -> [EventObject] {
    let width = MemoryLayout<UInt>.size
    let bytes: [UInt8]
    do throws(Errno) {
        bytes = unsafe try CallerMemory.read(count * width, at: handles)
    } catch {
        throw CallFailure(.invalidParameter, "the handles cannot be read")
    }
    var objects: [EventObject] = []
    for index in 0..<count {
        let value = unsafe bytes.withUnsafeBytes {
            unsafe $0.loadUnaligned(fromByteOffset: index * width, as: UInt.self)
        }
        objects.append(unsafe try Library.event(HANDLE(bitPattern: value)))
    }
    return objects
}

/// The lowest index of one that is signalled; nil after the deadline.
private func waitForAny(
    _ objects: [EventObject], until deadline: Deadline?
) throws(Errno) -> DWORD? {
    while true {
        let rest = Deadline.rest(of: deadline)
        let ready = try ReadyDescriptors.wait(
            among: objects.map(\.number), timeoutMilliseconds: rest)
        if let index = ready.firstIndex(of: true) { return DWORD(index) }
        if rest == 0 { return nil }
    }
}

/// 0 when all are signalled at one moment; nil after the deadline.
private func waitForAll(
    _ objects: [EventObject], until deadline: Deadline?
) throws(Errno) -> DWORD? {
    while true {
        let ready = try ReadyDescriptors.wait(
            among: objects.map(\.number), timeoutMilliseconds: 0)
        guard let missing = ready.firstIndex(of: false) else { return 0 }
        let rest = Deadline.rest(of: deadline)
        if rest == 0 { return nil }
        _ = try ReadyDescriptors.wait(
            among: [objects[missing].number], timeoutMilliseconds: rest)
    }
}

/// When a wait is over.
private struct Deadline {
    private let nanoseconds: UInt64

    init(milliseconds: DWORD) {
        nanoseconds = Clock.monotonicNanoseconds() + UInt64(milliseconds) * 1_000_000
    }

    /// Milliseconds, rounded up; -1 without a deadline.
    static func rest(of deadline: Deadline?) -> Int32 {
        guard let deadline else { return -1 }
        let now = Clock.monotonicNanoseconds()
        guard now < deadline.nanoseconds else { return 0 }
        return Int32(clamping: (deadline.nanoseconds - now + 999_999) / 1_000_000)
    }
}
