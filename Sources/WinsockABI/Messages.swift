public import CWinsock2
internal import Transport
internal import Winsock

/// Windows: GetMessageA. Waits for a message of this thread.
@c @implementation
public func GetMessageA(
    _ lpMsg: LPMSG?, _ hWnd: HWND?, _ wMsgFilterMin: UINT, _ wMsgFilterMax: UINT
) -> BOOL {
    attempt(otherwise: -1) { () throws(CallFailure) in
        let filter = try unsafe filter(hWnd, wMsgFilterMin, wMsgFilterMax)
        let queue = try Library.ownQueue().queue
        try readable { () throws(Errno) in
            unsafe try CallerMemory.checkWritable(MemoryLayout<MSG>.size, at: lpMsg)
        }
        let message = try asking { () throws(Errno) in try queue.awaitNext(filter) }
        unsafe try write(message, at: lpMsg)
        return message.message == UInt32(WM_QUIT) ? 0 : 1
    }
}

/// Windows: GetMessageW.
@c @implementation
public func GetMessageW(
    _ lpMsg: LPMSG?, _ hWnd: HWND?, _ wMsgFilterMin: UINT, _ wMsgFilterMax: UINT
) -> BOOL {
    unsafe GetMessageA(lpMsg, hWnd, wMsgFilterMin, wMsgFilterMax)
}

/// Windows: PeekMessageA. Does not wait.
@c @implementation
public func PeekMessageA(
    _ lpMsg: LPMSG?, _ hWnd: HWND?, _ wMsgFilterMin: UINT, _ wMsgFilterMax: UINT,
    _ wRemoveMsg: UINT
) -> BOOL {
    attempt(otherwise: 0) { () throws(CallFailure) in
        let filter = try unsafe filter(hWnd, wMsgFilterMin, wMsgFilterMax)
        let queue = try Library.ownQueue().queue
        try readable { () throws(Errno) in
            unsafe try CallerMemory.checkWritable(MemoryLayout<MSG>.size, at: lpMsg)
        }
        let isRemoved = wRemoveMsg & UINT(PM_REMOVE) != 0
        guard let message = queue.next(filter, removing: isRemoved) else { return 0 }
        unsafe try write(message, at: lpMsg)
        return 1
    }
}

/// Windows: PeekMessageW.
@c @implementation
public func PeekMessageW(
    _ lpMsg: LPMSG?, _ hWnd: HWND?, _ wMsgFilterMin: UINT, _ wMsgFilterMax: UINT,
    _ wRemoveMsg: UINT
) -> BOOL {
    unsafe PeekMessageA(lpMsg, hWnd, wMsgFilterMin, wMsgFilterMax, wRemoveMsg)
}

/// Windows: PostMessageA. Without a window it goes to the calling thread.
@c @implementation
public func PostMessageA(
    _ hWnd: HWND?, _ Msg: UINT, _ wParam: WPARAM, _ lParam: LPARAM
) -> BOOL {
    attempt(otherwise: 0) { () throws(CallFailure) in
        let handle = UInt(bitPattern: hWnd)
        if handle == 0 {
            let queue = try Library.ownQueue().queue
            try Library.post(Msg, to: 0, UInt(wParam), Int(lParam), into: queue)
        } else {
            try Library.post(Msg, to: handle, UInt(wParam), Int(lParam))
        }
        return 1
    }
}

/// Windows: PostMessageW.
@c @implementation
public func PostMessageW(
    _ hWnd: HWND?, _ Msg: UINT, _ wParam: WPARAM, _ lParam: LPARAM
) -> BOOL {
    unsafe PostMessageA(hWnd, Msg, wParam, lParam)
}

/// Windows: DispatchMessageA. Calls the window's function. While that runs for a message of
/// WSAAsyncSelect, WSADuplicateSocket is WSAEINPROGRESS.
@c @implementation
public func DispatchMessageA(_ lpMsg: UnsafePointer<MSG>?) -> LRESULT {
    attempt(otherwise: 0) { () throws(CallFailure) in
        let bytes = try readable { () throws(Errno) in
            unsafe try CallerMemory.read(MemoryLayout<MSG>.size, at: lpMsg)
        }
        let message = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: MSG.self) }
        let handle = unsafe UInt(bitPattern: message.hwnd)
        guard handle != 0 else { return 0 }
        let procedure = try Library.ownProcedure(of: handle)
        let number = unsafe message.message
        let isOfSockets = Library.withWindows {
            $0[handle]?.registrationCounts[number] != nil
        }
        if isOfSockets { ThreadState.callbackDepth += 1 }
        defer { if isOfSockets { ThreadState.callbackDepth -= 1 } }
        return unsafe procedure.call(
            message.hwnd, message.message, message.wParam, message.lParam)
    }
}

/// Windows: DispatchMessageW.
@c @implementation
public func DispatchMessageW(_ lpMsg: UnsafePointer<MSG>?) -> LRESULT {
    unsafe DispatchMessageA(lpMsg)
}

private func filter(
    _ window: HWND?, _ lowest: UINT, _ highest: UINT
) throws(CallFailure) -> MessageFilter {
    let handle = UInt(bitPattern: window)
    let scope: MessageFilter.Scope
    switch handle {
    case 0: scope = .all
    case UInt(bitPattern: -1): scope = .thread
    default:
        _ = try Library.ownProcedure(of: handle)
        scope = .window(handle)
    }
    guard lowest != 0 || highest != 0 else { return MessageFilter(scope: scope, messages: nil) }
    guard lowest <= highest else {
        throw CallFailure(.invalidParameter, "the range of messages is empty")
    }
    return MessageFilter(scope: scope, messages: lowest...highest)
}

private func write(_ message: PostedMessage, at address: LPMSG?) throws(CallFailure) {
    var made = unsafe MSG()
    unsafe made.hwnd = HWND(bitPattern: message.window)
    unsafe made.message = message.message
    unsafe made.wParam = WPARAM(message.wParameter)
    unsafe made.lParam = LPARAM(message.lParameter)
    unsafe made.time = message.time
    let bytes = unsafe withUnsafeBytes(of: &made) { unsafe Array($0) }
    try readable { () throws(Errno) in unsafe try CallerMemory.write(bytes, at: address) }
}
