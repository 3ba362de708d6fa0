internal import Registry
internal import Transport
internal import Winsock
internal import Wire

// A connection for notifications reads what comes unasked. Its registrations outlive it: on the
// next connection it asks about each whether it still stands.

extension Session {
    /// Returns the number of the registration, or 0 without events.
    mutating func select(
        _ socket: BorrowedDescriptor, events: NetworkEvents
    ) throws(BatonError) -> UInt64 {
        guard events.isSubset(of: .all) else { throw .unknownEvents }
        let cookie: UInt64
        do throws(Errno) {
            cookie = try Sockets.cookie(of: socket)
        } catch {
            throw .refusedHere(.notASocket)
        }
        // Word of its end that comes before the answer is about the one that is replaced.
        let replaced = registrations.remove(cookie: cookie)
        do throws(BatonError) {
            let reply = try exchange(passing: .socket(socket)) { counter, watermark, frame in
                Request.encodeSelect(
                    counter: counter, watermark: watermark, mask: events.rawValue, into: &frame)
            }
            switch reply.content {
            case .selected(let number) where !events.isEmpty:
                registrations.insert(number, cookie: cookie)
                return number
            case .done where events.isEmpty:
                registrations.forgetCancelled(cookie: cookie)
                return 0
            default: throw unexpected(reply.content)
            }
        } catch {
            if let replaced {
                // Whether it still stands is asked on a new connection.
                registrations.insert(replaced, cookie: cookie)
                isReset = true
            }
            throw error
        }
    }

    /// Whether a connection has to be made for those registrations.
    var needsConnection: Bool { (link == nil || isReset) && !registrations.isEmpty }

    /// Whether everything that an earlier connection left undone is done.
    var isSettled: Bool { !needsConnection && greeting == nil && registrations.isResumed }

    /// Takes what has come, and connects again where that is needed. Waits for no answer.
    mutating func poll() {
        do throws(Interruption) {
            if isReset { disconnect() }
            if needsConnection { try greet() }
            try takeQueued()
        } catch {
            // Nobody waits for an answer: it is tried again later.
            disconnect()
        }
    }

    /// Takes what is no answer to the request that somebody waits for.
    mutating func note(_ answer: Answer) {
        if case .notificationCancelled(let cookie) = answer.content {
            registrations.cancel(cookie: cookie)
        }
        guard answer.counter != 0 else { return }
        if case .refusal = answer.content {
            // It does not say about which: all are asked about again.
            isReset = true
            return
        }
        registrations.takeAnswer()
        do throws(Interruption) {
            try sendResumes()
        } catch {
            // What is awaited may be queued behind this.
            isReset = true
        }
    }

    /// Asks about the registrations of an earlier connection. The answers come like those that
    /// nobody asked for.
    mutating func sendResumes() throws(Interruption) {
        while let next = registrations.nextToResume() {
            Request.encodeResume(
                counter: nextCounter(), cookie: next.cookie, registration: next.registration,
                into: &frame)
            try sendFrame()
        }
    }
}
