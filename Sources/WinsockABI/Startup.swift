internal import Baton
public import CWinsock2
internal import Synchronization
internal import Transport
internal import Winsock

/// Winsock: WSAStartup.
@c @implementation
public func WSAStartup(
    _ wVersionRequested: WORD, _ lpWSAData: UnsafeMutablePointer<WSADATA>?
) -> Int32 {
    do throws(CallFailure) {
        let agreed = try deciding { () throws(WSAError) in
            try WinsockVersion.agreed(on: WinsockVersion(word: wVersionRequested))
        }
        var data = unsafe WSADATA()
        unsafe data.wVersion = agreed.word
        unsafe data.wHighVersion = WinsockVersion.highest.word
        unsafe fill(&data.szDescription, with: "Baton Winsock 2.2")
        unsafe fill(&data.szSystemStatus, with: "Running")
        // Of Winsock 1.1: no limit that a program could rely on.
        unsafe data.iMaxSockets = WORD.max
        unsafe data.iMaxUdpDg = 65_467
        let bytes = unsafe withUnsafeBytes(of: &data) { unsafe Array($0) }
        try asking { () throws(Errno) in unsafe try CallerMemory.write(bytes, at: lpWSAData) }
        ForeignProgram.enter()
        guard Library.watchesForks else {
            throw CallFailure(.subsystemNotReady, "there is no memory to watch forks")
        }
        Library.startups.add(1, ordering: .relaxed)
        return 0
    } catch {
        ThreadState.setReason(error.reason)
        return error.code.rawValue
    }
}

/// Writes a text and its NUL over an array of C.
private func fill<Array>(_ array: inout Array, with text: StaticString) {
    unsafe withUnsafeMutableBytes(of: &array) { room in
        for index in 0..<min(text.utf8CodeUnitCount, room.count - 1) {
            unsafe room[index] = text.utf8Start[index]
        }
    }
}

/// Winsock: WSACleanup. The last one closes the sockets of this process.
@c @implementation
public func WSACleanup() -> Int32 {
    attempt { () throws(CallFailure) in
        // Decided by the exchange, so that of two last cleanups one fails.
        var count = Library.startups.load(ordering: .relaxed)
        repeat {
            guard count > 0 else {
                throw CallFailure(.notInitialised, "WSAStartup was not called, or was undone")
            }
            let (isExchanged, found) = Library.startups.compareExchange(
                expected: count, desired: count - 1, ordering: .acquiringAndReleasing)
            if isExchanged { break }
            count = found
        } while true
        guard count == 1 else { return }
        for number in Library.sockets.withLock({ $0.numbers }) {
            // What the program has closed itself is not closed again.
            Library.forget(number)
            if Library.known(number) != nil { Library.close(number, atCleanup: true) }
        }
    }
}

/// Winsock: WSAGetLastError.
@c @implementation
public func WSAGetLastError() -> Int32 { ThreadState.lastError }

/// Winsock: WSASetLastError.
@c @implementation
public func WSASetLastError(_ iError: Int32) {
    ThreadState.lastError = iError
    ThreadState.setReason("")
}

/// Windows: GetLastError, which is the same.
@c @implementation
public func GetLastError() -> DWORD { DWORD(bitPattern: ThreadState.lastError) }

/// Windows: SetLastError.
@c @implementation
public func SetLastError(_ dwErrCode: DWORD) {
    WSASetLastError(Int32(bitPattern: dwErrCode))
}

/// The words for the thread's last error, UTF-8; "" where its code says all.
@c @implementation
public func baton_last_reason() -> UnsafePointer<CChar>? { unsafe ThreadState.reason }
