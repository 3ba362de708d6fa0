internal import Transport
internal import Wire

// Confirms are sent without waiting, and the next answer says whether they are durable. Where the
// program asks for nothing more, that answer is asked for here: a connection can be greeted at any
// time, which leaves no event.

extension Session {
    /// One step towards the acknowledgement of all confirms, on a new connection where the old one
    /// has ended. Waits for no answer. Returns whether all are acknowledged.
    mutating func settleConfirms() -> Bool {
        do throws(Interruption) {
            if isReset { disconnect() }
            try takeQueued()
        } catch {
            disconnect()
        }
        guard !confirms.confirms.isEmpty else { return true }
        do throws(Interruption) {
            if link == nil {
                try greet()
            } else if greeting == nil {
                try sendStartup()
            }
        } catch {
            // The coordinator is away: the caller tries again.
            disconnect()
        }
        return false
    }

    /// Gives up what is not acknowledged, and the connection.
    mutating func leave() {
        confirms = UnacknowledgedConfirms()
        disconnect()
    }

    /// Takes what has come, without waiting for more.
    mutating func takeQueued() throws(Interruption) {
        if link?.isLost == true { throw .lost("the program has closed the connection") }
        while let link, !isReset {
            switch try Self.receive(from: link, into: buffer) {
            case .nothing: return
            case .endOfFile: throw .lost("the coordinator closed the connection")
            case .message(let message):
                let answer = try read(message)
                confirms.acknowledge(through: answer.acknowledged)
                if let greeting, answer.counter == greeting {
                    try agree(answer.content)
                } else {
                    skip(answer)
                }
            }
        }
    }

    private static func receive(
        from link: Link, into buffer: MessageBuffer
    ) throws(Interruption) -> Received {
        do throws(Errno) {
            return try link.connection.receive(into: buffer, wait: false)
        } catch {
            throw .lost(error.description)
        }
    }
}
