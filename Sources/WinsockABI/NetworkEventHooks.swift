internal import Transport
internal import Winsock

/// What calls of the program mean to the registrations of network events.
enum NetworkEventHooks {
    /// After a call that can re-enable an event. Winsock: WSAEventSelect.
    static func called(_ number: Int32, _ call: NetworkEventRecorder.Call) {
        guard Library.known(number) != nil else { return }
    }

    /// An accepted socket has the registration of its listener. Winsock: WSAEventSelect.
    static func accepted(_ number: Int32, from listener: Int32) {
        guard Library.known(listener) != nil else { return }
    }

    /// Whether the socket may be made one that waits: not while events are selected for it.
    /// Winsock: ioctlsocket, FIONBIO.
    static func canBlock(_ number: Int32) -> Bool { true }
}
