public import CWinsock2
internal import Transport
internal import Winsock

/// Windows: RegisterClassA.
@c @implementation
public func RegisterClassA(_ lpWndClass: UnsafePointer<WNDCLASSA>?) -> ATOM {
    unsafe register(
        at: lpWndClass, procedure: \.lpfnWndProc, name: { unsafe .init($0.lpszClassName) },
        as: .ansi)
}

/// Windows: RegisterClassW.
@c @implementation
public func RegisterClassW(_ lpWndClass: UnsafePointer<WNDCLASSW>?) -> ATOM {
    unsafe register(
        at: lpWndClass, procedure: \.lpfnWndProc, name: { unsafe .init($0.lpszClassName) },
        as: .wide)
}

/// Windows: UnregisterClassA.
@c @implementation
public func UnregisterClassA(_ lpClassName: LPCSTR?, _ hInstance: HINSTANCE?) -> BOOL {
    unsafe unregister(UnsafeRawPointer(lpClassName), as: .ansi)
}

/// Windows: UnregisterClassW.
@c @implementation
public func UnregisterClassW(_ lpClassName: LPCWSTR?, _ hInstance: HINSTANCE?) -> BOOL {
    unsafe unregister(UnsafeRawPointer(lpClassName), as: .wide)
}

private func register<Class>(
    at address: UnsafePointer<Class>?, procedure: (Class) -> WNDPROC?,
    name: (Class) -> UnsafeRawPointer?, as form: ProtocolInfo.Form
) -> ATOM {
    attempt(otherwise: 0) { () throws(CallFailure) in
        let bytes = try readable { () throws(Errno) in
            unsafe try CallerMemory.read(MemoryLayout<Class>.size, at: address)
        }
        let made = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: Class.self) }
        guard let procedure = unsafe procedure(made) else {
            throw CallFailure(.invalidParameter, "a class has a function")
        }
        guard case .name(let name) = unsafe try windowClassName(name(made), as: form) else {
            throw CallFailure(.invalidParameter, "a new class has a name")
        }
        let atom = Library.withWindows {
            unsafe $0.register(name, WindowProcedure(call: procedure))
        }
        guard let atom else { throw CallFailure(.classAlreadyExists, "the class exists") }
        return atom
    }
}

private func unregister(_ name: UnsafeRawPointer?, as form: ProtocolInfo.Form) -> BOOL {
    attempt(otherwise: 0) { () throws(CallFailure) in
        let name = unsafe try windowClassName(name, as: form)
        try Library.withWindows { (table) throws(CallFailure) in
            guard let known = table.class(name) else {
                throw CallFailure(.classDoesNotExist, "there is no such class")
            }
            guard !table.hasWindows(known.name) else {
                throw CallFailure(.classHasWindows, "the class has windows")
            }
            table.unregister(known.name)
        }
        return 1
    }
}

/// The longest name of a class. Windows: WNDCLASSA.
private let classNameLengthMaximum = 256

/// Reads a name, or the atom in its place.
func windowClassName(
    _ address: UnsafeRawPointer?, as form: ProtocolInfo.Form
) throws(CallFailure) -> WindowClassName {
    let value = UInt(bitPattern: address)
    if value != 0, let atom = UInt16(exactly: value) { return .atom(atom) }
    let text = try readable { () throws(Errno) in
        switch form {
        case .ansi:
            String(
                decoding: unsafe try CallerMemory.text(at: address, limit: classNameLengthMaximum),
                as: UTF8.self)
        case .wide:
            String(
                decoding: unsafe try CallerMemory.wideText(
                    at: address, limit: classNameLengthMaximum), as: UTF16.self)
        }
    }
    return .name(text.lowercased())
}

/// Windows' functions of windows know ERROR_INVALID_PARAMETER, where those of sockets have
/// WSAEFAULT.
func readable<Result>(_ body: () throws(Errno) -> Result) throws(CallFailure) -> Result {
    do throws(Errno) {
        return try body()
    } catch {
        throw CallFailure(.invalidParameter, "there is nothing to be read or written there")
    }
}
