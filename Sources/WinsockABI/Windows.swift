public import CWinsock2
internal import Transport
internal import Winsock

/// Windows: CreateWindowExA. Only message-only windows, whose parent is HWND_MESSAGE.
@c @implementation
public func CreateWindowExA(
    _ dwExStyle: DWORD, _ lpClassName: LPCSTR?, _ lpWindowName: LPCSTR?, _ dwStyle: DWORD,
    _ X: Int32, _ Y: Int32, _ nWidth: Int32, _ nHeight: Int32, _ hWndParent: HWND?,
    _ hMenu: HMENU?, _ hInstance: HINSTANCE?, _ lpParam: LPVOID?
) -> HWND? {
    unsafe createWindow(UnsafeRawPointer(lpClassName), as: .ansi, parent: hWndParent)
}

/// Windows: CreateWindowExW.
@c @implementation
public func CreateWindowExW(
    _ dwExStyle: DWORD, _ lpClassName: LPCWSTR?, _ lpWindowName: LPCWSTR?, _ dwStyle: DWORD,
    _ X: Int32, _ Y: Int32, _ nWidth: Int32, _ nHeight: Int32, _ hWndParent: HWND?,
    _ hMenu: HMENU?, _ hInstance: HINSTANCE?, _ lpParam: LPVOID?
) -> HWND? {
    unsafe createWindow(UnsafeRawPointer(lpClassName), as: .wide, parent: hWndParent)
}

/// Windows: DestroyWindow. Only the thread that made it can. Messages on their way are dropped.
@c @implementation
public func DestroyWindow(_ hWnd: HWND?) -> BOOL {
    attempt(otherwise: 0) { () throws(CallFailure) in
        let handle = UInt(bitPattern: hWnd)
        let procedure = try Library.ownProcedure(of: handle)
        _ = unsafe procedure.call(hWnd, UINT(WM_DESTROY), 0, 0)
        let queue = Library.withWindows { table in
            let queue = table[handle].flatMap { table.queue($0.queue) }
            table[handle] = nil
            return queue
        }
        queue?.remove(window: handle)
        return 1
    }
}

/// Windows: DefWindowProcA. WM_CLOSE destroys the window; all else is ignored.
@c @implementation
public func DefWindowProcA(
    _ hWnd: HWND?, _ Msg: UINT, _ wParam: WPARAM, _ lParam: LPARAM
) -> LRESULT {
    if Msg == UINT(WM_CLOSE) { _ = unsafe DestroyWindow(hWnd) }
    return 0
}

/// Windows: DefWindowProcW.
@c @implementation
public func DefWindowProcW(
    _ hWnd: HWND?, _ Msg: UINT, _ wParam: WPARAM, _ lParam: LPARAM
) -> LRESULT {
    unsafe DefWindowProcA(hWnd, Msg, wParam, lParam)
}

/// HWND_MESSAGE.
private let messageOnlyParent = Int(-3)

private func createWindow(
    _ name: UnsafeRawPointer?, as form: ProtocolInfo.Form, parent: HWND?
) -> HWND? {
    unsafe attempt(otherwise: nil) { () throws(CallFailure) in
        guard Int(bitPattern: parent) == messageOnlyParent else {
            throw CallFailure(
                .invalidWindow, "only message-only windows exist here: the parent is HWND_MESSAGE")
        }
        let name = unsafe try windowClassName(name, as: form)
        let queue = try Library.ownQueue().identifier
        let made = Library.withWindows { table in
            table.class(name).map { known in
                let window = Window(
                    className: known.name, procedure: known.procedure, queue: queue)
                return (handle: table.add(window), procedure: known.procedure)
            }
        }
        guard let made else {
            throw CallFailure(.classNotFoundForWindow, "no class of that name was registered")
        }
        let handle = unsafe HWND(bitPattern: made.handle)
        if unsafe made.procedure.call(handle, UINT(WM_CREATE), 0, 0) == -1 {
            Library.withWindows { $0[made.handle] = nil }
            return nil
        }
        return unsafe handle
    }
}

extension Library {
    /// The function of a window that the calling thread made.
    static func ownProcedure(of handle: UInt) throws(CallFailure) -> WindowProcedure {
        guard let window = withWindows({ $0[handle] }) else {
            throw CallFailure(.invalidWindow, "there is no such window")
        }
        guard window.queue == ThreadState.messageQueue else {
            throw CallFailure(.notOwnWindow, "another thread made the window")
        }
        return window.procedure
    }
}
