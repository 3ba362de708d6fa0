internal import Transport
internal import Winsock

/// One wait of select, made of poll(2), whose answers are put right where Windows knows others.
///
/// * A socket that is neither connected nor listening is ready for nothing. Linux calls it writable
///   and hung up.
/// * A connect that failed is exceptional, and neither readable nor writable.
///
/// Winsock: select.
struct SelectWait {
    struct Readiness: OptionSet, Hashable {
        let rawValue: Int16

        static let readable = Readiness(rawValue: 1)
        static let writable = Readiness(rawValue: 2)
        static let exceptional = Readiness(rawValue: 4)
    }

    private var order: [Int32] = []
    private var wanted: [Int32: Readiness] = [:]
    private var found: [Int32: Readiness] = [:]

    mutating func add(_ numbers: [Int32], for readiness: Readiness) {
        for number in numbers {
            if wanted[number] == nil { order.append(number) }
            wanted[number, default: []].insert(readiness)
        }
    }

    func found(_ number: Int32, _ readiness: Readiness) -> Bool {
        found[number]?.contains(readiness) == true
    }

    /// Until one is ready, or the time is over; nil waits for ever.
    mutating func run(nanoseconds: Int64?) throws(Errno) {
        let start = Int64(Clock.monotonicNanoseconds())
        noteDeferred()
        // Those with an answer that is none here. Nothing tells when that changes, so they are
        // looked at again from time to time.
        var silent: Set<Int32> = []
        while true {
            let passed = Int64(Clock.monotonicNanoseconds()) - start
            let rest = found.isEmpty ? nanoseconds.map { max(0, $0 - passed) } : 0
            let limit = min(rest ?? .max, silent.isEmpty ? Self.patience : Self.silence)
            var requests = order.map { number in
                PollRequest(
                    number: silent.contains(number) ? -1 : number, events: events(of: number))
            }
            let count = try SocketCalls.poll(&requests, nanoseconds: limit)
            for (number, request) in zip(order, requests) where request.answer != 0 {
                let readiness = try readiness(of: number, request.answer)
                    .intersection(wanted[number] ?? [])
                if readiness.isEmpty {
                    silent.insert(number)
                } else {
                    found[number, default: []].formUnion(readiness)
                }
            }
            if !found.isEmpty || rest == 0 { return }
            if count == 0 { silent = [] }
        }
    }

    /// 250 ms. Linux does not wake a wait for a descriptor that another thread closes; Winsock
    /// does: select is WSAENOTSOCK, WSAPoll has POLLNVAL.
    static let patience: Int64 = 250_000_000
    /// 50 ms.
    private static let silence: Int64 = 50_000_000

    /// A connection that was put off can be accepted. Winsock: WSAAccept, CF_DEFER.
    private mutating func noteDeferred() {
        for number in order where wanted[number]?.contains(.readable) == true {
            if Library.known(number)?.deferred.isEmpty == false { found[number] = .readable }
        }
    }

    private func events(of number: Int32) -> Int16 {
        let wanted = wanted[number] ?? []
        var events: Int16 = 0
        if wanted.contains(.readable) { events |= PollRequest.readable }
        if wanted.contains(.writable) { events |= PollRequest.writable }
        if wanted.contains(.exceptional) { events |= PollRequest.urgent }
        return events
    }

    private func readiness(of number: Int32, _ answer: Int16) throws(Errno) -> Readiness {
        if answer & PollRequest.invalid != 0 { throw .notASocket }
        let isBroken = answer & (PollRequest.error | PollRequest.hangUp) != 0
        if Library.known(number)?.isConnecting == true {
            if isBroken { return .exceptional }
            Library.note(number) { $0.isConnecting = false }
        }
        if answer & PollRequest.hangUp != 0, try isIdle(number) { return [] }
        var readiness: Readiness = isBroken ? .readable : []
        if answer & PollRequest.readable != 0 { readiness.insert(.readable) }
        if answer & PollRequest.writable != 0 { readiness.insert(.writable) }
        if answer & PollRequest.urgent != 0 { readiness.insert(.exceptional) }
        return readiness
    }

    /// Hung up, and yet no end of receiving: there never was a connection.
    private func isIdle(_ number: Int32) throws(Errno) -> Bool {
        let now = try SocketCalls.pollNow(number, events: PollRequest.peerHangUp)
        return now & PollRequest.hangUp != 0
            && now & (PollRequest.peerHangUp | PollRequest.error) == 0
    }
}
