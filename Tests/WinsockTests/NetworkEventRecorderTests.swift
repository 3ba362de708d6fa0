import Testing
import Winsock

/// The rules of one registration, one by one.
struct NetworkEventRecorderTests {
    typealias Recorder = NetworkEventRecorder

    private func facts(_ change: (inout SocketReadiness) -> Void) -> SocketReadiness {
        var facts = SocketReadiness()
        change(&facts)
        return facts
    }

    private var readable: SocketReadiness { facts { $0.isReadable = true } }
    private var writable: SocketReadiness { facts { $0.isWritable = true } }
    private var quiet: SocketReadiness { SocketReadiness() }

    private func recorder(
        _ phase: Recorder.Phase, _ events: NetworkEvents = .all,
        after first: SocketReadiness? = nil
    ) -> Recorder {
        var recorder = Recorder(selecting: events, phase: phase)
        if let first {
            _ = recorder.observe(first)
            _ = recorder.take()
        }
        return recorder
    }

    /// READ, OOB and ACCEPT: where they occur, the fact, and the call that re-enables them.
    static let levels: [(NetworkEvents, Recorder.Phase, Recorder.Call)] = [
        (.read, .connected, .receive), (.read, .accepted, .receive), (.read, .datagram, .receive),
        (.outOfBand, .connected, .receive), (.outOfBand, .accepted, .receive),
        (.accept, .listening, .accept),
    ]

    private func holding(_ event: NetworkEvents) -> SocketReadiness {
        facts {
            $0.isReadable = event == .read
            $0.isUrgent = event == .outOfBand
            $0.isAcceptable = event == .accept
        }
    }

    @Test(arguments: levels)
    func `a level event is silent after a record until its call, then recorded again if true`(
        event: NetworkEvents, phase: Recorder.Phase, call: Recorder.Call
    ) {
        var recorder = recorder(phase, event)
        let holds = holding(event)
        #expect(recorder.observe(holds).events == event)
        #expect(recorder.observe(holds).isEmpty)
        #expect(recorder.take().events == event)
        #expect(recorder.observe(holds).isEmpty)
        #expect(recorder.observe(quiet).isEmpty)
        #expect(recorder.observe(holds).isEmpty)
        #expect(recorder.called(call) == true)
        #expect(recorder.observe(quiet).isEmpty)
        #expect(recorder.observe(holds).events == event)
        #expect(recorder.called(call) == true)
        #expect(recorder.observe(holds).events == event)
    }

    @Test(arguments: levels)
    func `other calls do not re-enable a level event`(
        event: NetworkEvents, phase: Recorder.Phase, call: Recorder.Call
    ) {
        var recorder = recorder(phase, event, after: holding(event))
        for other in Recorder.Call.allCases where other != call {
            #expect(recorder.called(other) == false)
            #expect(recorder.observe(holding(event)).isEmpty, "\(other)")
        }
    }

    @Test(arguments: levels)
    func `what is true at selection is recorded at once`(
        event: NetworkEvents, phase: Recorder.Phase, call: Recorder.Call
    ) {
        var first = recorder(phase, event)
        #expect(first.observe(holding(event)).events == event)
        var second = recorder(phase, event)
        #expect(second.observe(holding(event)).events == event, "and at the next selection again")
    }

    @Test(arguments: [.connected, .accepted, .datagram] as [Recorder.Phase])
    func `WRITE is recorded at first, then only after a send that would have blocked`(
        phase: Recorder.Phase
    ) {
        var recorder = recorder(phase, .write)
        #expect(recorder.observe(quiet).isEmpty)
        #expect(recorder.observe(writable).events == .write)
        for _ in 0..<3 { #expect(recorder.observe(writable).isEmpty) }
        #expect(recorder.called(.receive) == false)
        #expect(recorder.observe(writable).isEmpty)
        #expect(recorder.called(.sendWouldBlock) == true)
        #expect(recorder.observe(quiet).isEmpty)
        #expect(recorder.observe(writable).events == .write)
        #expect(recorder.observe(writable).isEmpty)
    }

    @Test func `a connect that succeeds is CONNECT once, without a code, and WRITE`() {
        var recorder = recorder(.idle)
        #expect(recorder.observe(writable).isEmpty)
        #expect(recorder.called(.connect) == true)
        #expect(recorder.phase == .connecting)
        #expect(recorder.observe(quiet).isEmpty)
        let news = recorder.observe(writable)
        #expect(news.events == [.connect, .write])
        #expect(news.code(of: .connect) == nil)
        #expect(recorder.phase == .connected)
        #expect(recorder.observe(writable).isEmpty)
        #expect(recorder.called(.connect) == false)
        #expect(recorder.observe(writable).isEmpty)
    }

    @Test(
        arguments: [
            WSAError.addressFamilyNotSupported, .connectionRefused, .networkUnreachable,
            .noBufferSpace, .timedOut, .badAddress, .invalidArgument, .alreadyConnected,
            .tooManyDescriptors, .notConnected, .hostUnreachable,
        ])
    func `a connect that fails is CONNECT with its code, and nothing else`(code: WSAError) {
        var recorder = recorder(.connecting)
        let failed = facts {
            $0.error = code
            $0.isWritable = true
            $0.isHungUp = true
            $0.isAtEnd = true
        }
        let news = recorder.observe(failed)
        #expect(news.events == .connect)
        #expect(news.code(of: .connect) == code)
        #expect(recorder.observe(failed).isEmpty)
        #expect(recorder.phase == .idle)
        #expect(recorder.interest.isEmpty)
    }

    @Test func `a failed connect whose error somebody else took is WSAENOTCONN`() {
        var recorder = recorder(.connecting)
        let news = recorder.observe(facts { $0.isHungUp = true })
        #expect(news.entries.map(\.event) == [.connect])
        #expect(news.code(of: .connect) == .notConnected)
    }

    @Test func `a second attempt has a CONNECT of its own`() {
        var recorder = recorder(.connecting, after: facts { $0.error = .connectionRefused })
        #expect(recorder.called(.connect) == true)
        #expect(recorder.observe(writable).events == [.connect, .write])
    }

    @Test func `data that came with the connection is read at once`() {
        var recorder = recorder(.connecting)
        let news = recorder.observe(
            facts {
                $0.isWritable = true
                $0.isReadable = true
            })
        #expect(news.events == [.connect, .write, .read])
    }

    @Test func `a connected socket is CONNECT at selection, an accepted one is not`() {
        var connected = recorder(.connected)
        #expect(connected.observe(quiet).events == .connect)
        #expect(connected.observe(quiet).isEmpty)
        var accepted = recorder(.accepted)
        #expect(accepted.observe(writable).events == .write)
    }

    @Test(arguments: [.connected, .accepted] as [Recorder.Phase])
    func `CLOSE waits until all data is read, and comes once`(phase: Recorder.Phase) {
        var recorder = recorder(phase, [.read, .close])
        let last = facts {
            $0.isReadable = true
            $0.isAtEnd = true
        }
        let end = facts { $0.isAtEnd = true }
        #expect(recorder.observe(last).events == .read)
        #expect(recorder.observe(last).isEmpty)
        #expect(recorder.called(.receive) == true)
        #expect(recorder.observe(last).events == .read, "the last bytes are not read yet")
        #expect(recorder.called(.receive) == true)
        let news = recorder.observe(end)
        #expect(news.events == .close, "and never READ for the end")
        #expect(news.code(of: .close) == nil)
        #expect(recorder.called(.receive) == true)
        #expect(recorder.observe(end).isEmpty)
    }

    @Test func `CLOSE is found after the data even when READ is not selected`() {
        var recorder = recorder(.connected, .close)
        let last = facts {
            $0.isReadable = true
            $0.isAtEnd = true
        }
        #expect(recorder.observe(last).isEmpty)
        #expect(recorder.interest.isEmpty, "there is nothing to wait for but the receive")
        #expect(recorder.called(.receive) == true)
        #expect(recorder.interest == .end)
        #expect(recorder.observe(facts { $0.isAtEnd = true }).events == .close)
    }

    @Test(
        arguments: [
            (.connectionReset, .connectionReset), (.connectionAborted, .connectionAborted),
            (.networkDown, .networkDown), (.timedOut, .connectionAborted),
            (.hostUnreachable, .connectionAborted), (nil, nil),
        ] as [(WSAError?, WSAError?)])
    func `CLOSE has one of the page's codes`(error: WSAError?, code: WSAError?) {
        var recorder = recorder(.connected, [.read, .write, .close], after: quiet)
        let news = recorder.observe(
            facts {
                $0.error = error
                $0.isHungUp = true
                $0.isWritable = true
            })
        #expect(news.events == .close, "no room is left on a connection that is broken")
        #expect(news.code(of: .close) == code)
    }

    @Test func `after the peer's end there can still be room to send`() {
        var recorder = recorder(.connected, [.write, .close], after: writable)
        let end = facts { $0.isAtEnd = true }
        #expect(recorder.observe(end).events == .close)
        #expect(recorder.called(.sendWouldBlock) == true)
        #expect(
            recorder.observe(
                facts {
                    $0.isAtEnd = true
                    $0.isWritable = true
                }
            ).events == .write)
    }

    @Test(
        arguments: [
            (.listening, .accept), (.datagram, .read),
        ] as [(Recorder.Phase, NetworkEvents)])
    func `an error is something to fetch, and only WSAENETDOWN is its code`(
        phase: Recorder.Phase, event: NetworkEvents
    ) {
        for (error, code) in [(WSAError.connectionReset, nil), (.networkDown, .networkDown)]
            as [(WSAError, WSAError?)]
        {
            var recorder = recorder(phase)
            let news = recorder.observe(facts { $0.error = error })
            #expect(news.events == event)
            #expect(news.code(of: event) == code)
        }
    }

    @Test func `a socket records only what it can have`() {
        let everything = facts {
            $0.isReadable = true
            $0.isAtEnd = true
            $0.isAcceptable = true
            $0.isWritable = true
            $0.isUrgent = true
            $0.isHungUp = true
        }
        func recorded(_ phase: Recorder.Phase) -> NetworkEvents {
            var recorder = recorder(phase)
            return recorder.observe(everything).events
        }
        #expect(recorded(.idle).isEmpty)
        #expect(recorded(.listening) == .accept)
        #expect(recorded(.datagram) == [.read, .write])
        #expect(recorded(.connecting) == .connect)
        #expect(recorded(.connected) == [.connect, .read, .outOfBand])
        #expect(recorded(.accepted) == [.read, .outOfBand])
    }

    @Test func `a stream that begins to listen is asked for connections`() {
        var recorder = recorder(.idle)
        #expect(recorder.called(.listen) == true)
        #expect(recorder.interest == .readable)
        #expect(recorder.observe(facts { $0.isAcceptable = true }).events == .accept)
        #expect(recorder.called(.connect) == false)
    }

    @Test(arguments: Recorder.Phase.allCases)
    func `what is not selected is not recorded`(phase: Recorder.Phase) {
        for event in NetworkEventsTests.rows.map(\.0) {
            var recorder = recorder(phase, event)
            let everything = facts {
                $0.isReadable = true
                $0.isAcceptable = true
                $0.isWritable = true
                $0.isUrgent = true
            }
            #expect(recorder.observe(everything).events.isSubset(of: event))
            #expect(recorder.take().events.isSubset(of: event))
        }
    }

    @Test func `taking clears the record, and two records without it are one`() {
        var recorder = recorder(.connected, [.read, .write, .close])
        _ = recorder.observe(readable)
        _ = recorder.observe(writable)
        _ = recorder.observe(facts { $0.error = .connectionReset })
        let taken = recorder.take()
        #expect(taken.events == [.read, .write, .close])
        #expect(taken.code(of: .close) == .connectionReset)
        #expect(recorder.take().isEmpty)
    }

    @Test(arguments: Recorder.Phase.allCases)
    func `nothing is recorded after a cancel`(phase: Recorder.Phase) {
        let everything = facts {
            $0.isReadable = true
            $0.isAcceptable = true
            $0.isWritable = true
            $0.isUrgent = true
        }
        var recorder = recorder(phase)
        _ = recorder.observe(everything)
        recorder.cancel()
        #expect(recorder.take().isEmpty)
        for call in Recorder.Call.allCases {
            #expect(recorder.called(call) == false)
            #expect(recorder.observe(everything).isEmpty)
            #expect(recorder.observe(facts { $0.error = .connectionReset }).isEmpty)
        }
        #expect(recorder.take().isEmpty)
        #expect(recorder.interest.isEmpty)
    }

    @Test func `once the end is reached, nothing is waited for but room`() {
        var recorder = recorder(.connected, [.read, .write, .outOfBand, .close], after: writable)
        _ = recorder.observe(facts { $0.isAtEnd = true })
        #expect(recorder.interest.isEmpty)
        #expect(recorder.called(.receive) == true)
        #expect(recorder.interest.isEmpty)
        #expect(recorder.called(.sendWouldBlock) == true)
        #expect(recorder.interest == .writable)
        _ = recorder.observe(facts { $0.error = .connectionReset })
        #expect(recorder.interest.isEmpty)
    }

    @Test func `a broken connection has no room to wait for`() {
        var recorder = recorder(.accepted, .write)
        #expect(recorder.interest == .writable)
        _ = recorder.observe(facts { $0.isHungUp = true })
        #expect(recorder.interest.isEmpty)
        #expect(recorder.observe(writable).isEmpty)
    }

    @Test func `an end that is seen only with the data is not forgotten`() {
        var recorder = recorder(.accepted, .read)
        let end = facts { $0.isAtEnd = true }
        #expect(recorder.interest == .readable)
        #expect(recorder.observe(end).isEmpty)
        #expect(recorder.interest.isEmpty)
    }

    @Test(
        arguments: [
            (.idle, .all, []), (.connecting, .all, .writable), (.connecting, .accept, []),
            (.connected, [.read, .close], [.readable, .end]), (.connected, .outOfBand, .urgent),
            (.accepted, .write, .writable), (.listening, .all, .readable),
            (.listening, .read, []), (.datagram, .all, [.readable, .writable]),
        ] as [(Recorder.Phase, NetworkEvents, SocketReadiness.Interest)])
    func `only what can be recorded is waited for`(
        phase: Recorder.Phase, events: NetworkEvents, interest: SocketReadiness.Interest
    ) {
        #expect(recorder(phase, events).interest == interest)
    }
}
