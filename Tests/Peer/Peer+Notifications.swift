import Baton
import Transport
import Winsock

extension Peer {
    /// Registers for network events; nil for another verb.
    func performNotification(_ verb: String, _ rest: [String]) throws -> String? {
        let words = Words(rest)
        switch verb {
        case "select":
            let mask = UInt32(try words.number(1))
            try slot(words.word(0)).withSocket { socket in
                try socket.withDescriptor { number in
                    _ = try notifications.select(
                        descriptor: number, events: NetworkEvents(rawValue: mask))
                }
            }
            return ""
        case "deselect":
            try slot(words.word(0)).withSocket { socket in
                try socket.withDescriptor { try notifications.cancel(descriptor: $0) }
            }
            return ""
        case "pushes": return names(of: notifications.readPushes())
        case "cancelled": return names(of: try awaitPushes())
        default: return nil
        }
    }

    /// Waits until there are some.
    private func awaitPushes() throws -> [CancelledRegistration] {
        let poller = try Poller()
        let link = BorrowedDescriptor(try notifications.descriptor())
        try poller.add(link, token: Poller.Token(index: 0, generation: 0), interest: .readable)
        let events = EventBuffer(capacity: 1)
        while true {
            let pushes = notifications.readPushes()
            guard pushes.isEmpty else { return pushes }
            _ = try poller.wait(into: events, timeoutMilliseconds: -1)
        }
    }

    private func names(of pushes: [CancelledRegistration]) -> String {
        pushes.map { push in
            slots.filter { $0.value.socket?.cookie == push.cookie }.keys.min() ?? "?"
        }.joined(separator: " ")
    }
}
