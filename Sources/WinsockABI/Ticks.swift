public import CWinsock2
internal import Transport

/// Windows: Sleep.
@c @implementation
public func Sleep(_ dwMilliseconds: DWORD) {
    Pause.wait(milliseconds: dwMilliseconds == .max ? nil : dwMilliseconds)
}

/// Windows: GetTickCount. Begins again after 49.7 days.
@c @implementation
public func GetTickCount() -> DWORD { DWORD(truncatingIfNeeded: GetTickCount64()) }

/// Windows: GetTickCount64.
@c @implementation
public func GetTickCount64() -> ULONGLONG { ULONGLONG(Clock.bootMicroseconds() / 1000) }
