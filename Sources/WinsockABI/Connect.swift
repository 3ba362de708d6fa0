public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: connect.
@c @implementation
public func ws2_connect(
    _ s: SOCKET, _ name: UnsafePointer<sockaddr>?, _ namelen: Int32
) -> Int32 {
    attempt { () throws(CallFailure) in
        let number = try Library.started(s)
        unsafe try connect(number, name, namelen)
    }
}

/// Winsock: WSAConnect. No protocol of the catalog sends data with connecting, or promises a flow.
@c @implementation
public func WSAConnect(
    _ s: SOCKET, _ name: UnsafePointer<sockaddr>?, _ namelen: Int32, _ lpCallerData: LPWSABUF?,
    _ lpCalleeData: LPWSABUF?, _ lpSQOS: LPQOS?, _ lpGQOS: LPQOS?
) -> Int32 {
    attempt { () throws(CallFailure) in
        let number = try Library.started(s)
        guard unsafe lpCallerData == nil else {
            throw CallFailure(.protocolNotSupported, "no protocol here sends data with connecting")
        }
        guard unsafe lpSQOS == nil, unsafe lpGQOS == nil else {
            throw CallFailure(.operationNotSupported, "no protocol here promises a flow")
        }
        // The length of what the peer sent along.
        if let lpCalleeData = unsafe lpCalleeData { unsafe try giveNumber(0, to: lpCalleeData) }
        unsafe try connect(number, name, namelen)
    }
}

private func connect(
    _ number: Int32, _ name: UnsafeRawPointer?, _ byteCount: Int32
) throws(CallFailure) {
    let address = unsafe try callerAddress(at: name, byteCount: byteCount, for: number)
    var bytes = address.linuxBytes
    if try Library.type(of: number) == .stream {
        // Linux would say so only at the next call after a connect that did not wait.
        if try Library.isConnected(number) { throw CallFailure(.alreadyConnected) }
        if address.isUnspecified { throw CallFailure(.addressNotAvailable) }
    } else if address.isUnspecified {
        // Takes the peer away: AF_UNSPEC of connect(2).
        bytes.replaceSubrange(0..<2, with: [0, 0])
    }
    do throws(Errno) {
        try connect(number, to: bytes)
    } catch .inProgress {
        Library.note(number) { $0.isConnecting = true }
        NetworkEventHooks.called(number, .connect)
        throw CallFailure(.wouldBlock)
    } catch {
        let isListening = try asking { () throws(Errno) in try SocketCalls.isListening(number) }
        if isListening { throw CallFailure(.invalidArgument, "the socket is listening") }
        throw CallFailure(error)
    }
    Library.note(number) { $0.isConnecting = false }
    NetworkEventHooks.called(number, .connect)
}

private func connect(_ number: Int32, to address: [UInt8]) throws(Errno) {
    do throws(Errno) {
        try SocketCalls.connect(number, to: address)
    } catch .interrupted {
        // The kernel goes on with it, and a second call would fail.
        try SocketCalls.awaitConnection(number)
    } catch .inProgress {
        // The time limit of sending does not hold for connecting on Windows.
        if try SocketCalls.isNonBlocking(number) { throw .inProgress }
        try SocketCalls.awaitConnection(number)
    } catch .connectionAborted {
        // An earlier attempt had failed, and the program had fetched its error: Linux needs to be
        // told once more.
        try SocketCalls.connect(number, to: address)
    }
}

extension SocketAddress {
    /// INADDR_ANY or in6addr_any, which nobody can be reached at.
    fileprivate var isUnspecified: Bool {
        switch self {
        case .internet(let host, _): host.number == 0
        case .internet6(let host, _, _, _): host.high == 0 && host.low == 0
        case .unix: false
        }
    }
}
