internal import Baton
public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: WSAEventSelect.
@c @implementation
public func WSAEventSelect(_ s: SOCKET, _ hEventObject: WSAEVENT?, _ lNetworkEvents: LONG) -> Int32
{
    attempt { () throws(CallFailure) in
        try Library.requireStartup()
        let number = try Library.descriptor(of: s)
        let events = try deciding { () throws(WSAError) in
            try NetworkEvents(selecting: lNetworkEvents)
        }
        guard !events.isEmpty else { return try Library.selectNothing(number) }
        guard let object = Library.events.withLock({ unsafe $0[hEventObject] }) else {
            throw CallFailure(.invalidArgument, "events are selected, but for no event object")
        }
        try Library.select(
            number, events, to: NetworkEventSink { _, _ in object.set() })
    }
}

/// Winsock: WSAEnumNetworkEvents.
@c @implementation
public func WSAEnumNetworkEvents(
    _ s: SOCKET, _ hEventObject: WSAEVENT?,
    _ lpNetworkEvents: UnsafeMutablePointer<WSANETWORKEVENTS>?
) -> Int32 {
    attempt { () throws(CallFailure) in
        try Library.requireStartup()
        let number = try Library.descriptor(of: s)
        var object: EventObject?
        if let handle = unsafe hEventObject {
            object = Library.events.withLock { unsafe $0[handle] }
            guard object != nil else {
                throw CallFailure(.invalidArgument, "that is no handle of an event object")
            }
        }
        // What cannot be written stays recorded, and the object signalled.
        try Notifier.take(number) { (record) throws(CallFailure) in
            try asking { () throws(Errno) in
                var bytes = unsafe try CallerMemory.read(
                    NetworkEventRecord.byteCount, at: lpNetworkEvents)
                record.write(over: &bytes)
                unsafe try CallerMemory.write(bytes, at: lpNetworkEvents)
            }
            object?.reset()
        }
    }
}

extension Library {
    /// Registers for events; the socket does not wait from here on.
    /// Winsock: WSAEventSelect, WSAAsyncSelect.
    static func select(
        _ number: Int32, _ events: NetworkEvents, to sink: NetworkEventSink
    ) throws(CallFailure) {
        let socket = sockets.withLock { $0[number] }
        try asking { () throws(BatonError) in
            _ = try Notifier.select(
                number, events: events, isAccepted: socket?.isAccepted ?? false,
                isTold: true, through: link(of: socket), to: sink)
        }
    }

    /// Cancels the registration of a socket, whatever process made it.
    /// Winsock: WSAEventSelect, lNetworkEvents 0.
    static func selectNothing(_ number: Int32) throws(CallFailure) {
        let socket = sockets.withLock { $0[number] }
        try asking { () throws(BatonError) in
            try Notifier.cancel(number, through: link(of: socket))
        }
        try asking { () throws(Errno) in try SocketCalls.setNonBlocking(number, true) }
    }

    /// Where the registrations of a socket are known that other processes may have.
    private static func link(of socket: OpenSocket?) -> NotificationLink? {
        socket?.sharedBy == nil ? nil : client.notifications
    }
}
