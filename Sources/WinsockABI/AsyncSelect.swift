internal import Baton
public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: WSAAsyncSelect. Messages that are on their way when it is cancelled still arrive.
@c @implementation
public func WSAAsyncSelect(_ s: SOCKET, _ hWnd: HWND?, _ wMsg: UInt32, _ lEvent: LONG) -> Int32 {
    attempt { () throws(CallFailure) in
        try Library.requireStartup()
        let number = try Library.descriptor(of: s)
        let events = try deciding { () throws(WSAError) in try NetworkEvents(selecting: lEvent) }
        guard !events.isEmpty else { return try Library.selectNothing(number) }
        let window = UInt(bitPattern: hWnd)
        guard Library.withWindows({ $0[window] != nil }) else {
            throw CallFailure(.invalidArgument, "there is no such window")
        }
        try Library.select(
            number, events,
            to: NetworkEventSink(
                deliver: { number, news in
                    for (event, code) in news.entries {
                        Library.post(event, code, of: number, to: window, as: wMsg)
                    }
                },
                begin: { Library.countRegistrations(of: window, wMsg, by: 1) },
                end: { _ in Library.countRegistrations(of: window, wMsg, by: -1) }))
    }
}

extension Library {
    /// A window that was destroyed needs no count.
    fileprivate static func countRegistrations(of window: UInt, _ message: UInt32, by step: Int) {
        withWindows { table in
            guard table[window] != nil else { return }
            let count = table[window]?.registrationCounts[message, default: 0] ?? 0
            table[window]?.registrationCounts[message] = count + step == 0 ? nil : count + step
        }
    }

    /// A window that was destroyed gets no messages, and neither does a full queue.
    /// Winsock: WSAMAKESELECTREPLY.
    fileprivate static func post(
        _ event: NetworkEvents, _ code: WSAError?, of number: Int32, to window: UInt,
        as message: UInt32
    ) {
        do throws(CallFailure) {
            let parameter = NetworkEventRecord.messageParameter(event: event, code: code)
            try post(message, to: window, UInt(number), Int(parameter))
        } catch {
            return
        }
    }
}
