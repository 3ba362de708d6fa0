internal import Baton
internal import Transport
internal import Winsock

/// Why a call of the C library failed: the code for WSAGetLastError, and words where a code says
/// too little.
struct CallFailure: Error {
    let code: WSAError
    /// For `baton_last_reason`; empty where the code says all.
    let reason: String

    init(_ code: WSAError, _ reason: String = "") {
        self.code = code
        self.reason = reason
    }

    init(_ error: BatonError) {
        self.init(error.code, error.description)
    }

    /// What the kernel answered to a program's own call.
    init(_ error: Errno) {
        self.init(WinsockErrno.code(forLinux: error.rawValue))
    }

    /// Makes it the thread's last error. Winsock: WSAGetLastError.
    func record() {
        ThreadState.lastError = code.rawValue
        ThreadState.setReason(reason)
    }
}

/// SOCKET_ERROR.
let socketError: Int32 = -1

/// Runs a call that gives 0 or SOCKET_ERROR.
func attempt(_ body: () throws(CallFailure) -> Void) -> Int32 {
    attempt(otherwise: socketError) { () throws(CallFailure) in
        try body()
        return 0
    }
}

/// Runs a call that gives `failed` when it fails. The last error of one that succeeds stays what
/// it was, as on Windows.
func attempt<Result>(
    otherwise failed: Result, _ body: () throws(CallFailure) -> Result
) -> Result {
    do throws(CallFailure) {
        return try body()
    } catch {
        error.record()
        return failed
    }
}

/// Turns the kernel's no into a code of Winsock.
func asking<Result: ~Copyable>(
    _ body: () throws(Errno) -> Result
) throws(CallFailure) -> Result {
    do throws(Errno) {
        return try body()
    } catch {
        throw CallFailure(error)
    }
}

/// Turns the coordinator's no into a code of Winsock.
func asking<Result: ~Copyable>(
    _ body: () throws(BatonError) -> Result
) throws(CallFailure) -> Result {
    do throws(BatonError) {
        return try body()
    } catch {
        throw CallFailure(error)
    }
}

/// Turns what the tables of Winsock say into a failure.
func deciding<Result>(_ body: () throws(WSAError) -> Result) throws(CallFailure) -> Result {
    do throws(WSAError) {
        return try body()
    } catch {
        throw CallFailure(error)
    }
}
