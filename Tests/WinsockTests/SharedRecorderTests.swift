import Testing

@testable import Winsock

/// The rules of a registration whose socket others have too.
struct SharedRecorderTests {
    typealias Recorder = NetworkEventRecorder

    private func facts(_ change: (inout SocketReadiness) -> Void) -> SocketReadiness {
        var facts = SocketReadiness()
        change(&facts)
        return facts
    }

    private func holding(_ event: NetworkEvents) -> SocketReadiness {
        facts {
            $0.isReadable = event == .read
            $0.isUrgent = event == .outOfBand
            $0.isAcceptable = event == .accept
        }
    }

    @Test(arguments: NetworkEventRecorderTests.levels)
    func `what holds no more was taken by somebody, and comes again`(
        event: NetworkEvents, phase: Recorder.Phase, call: Recorder.Call
    ) {
        var recorder = Recorder(selecting: event, phase: phase)
        let holds = holding(event)
        #expect(!recorder.awaitsOthers(holds))
        #expect(recorder.observe(holds, isShared: true).events == event)
        #expect(recorder.isSilent(event))
        #expect(recorder.observe(holds, isShared: true).isEmpty)
        #expect(recorder.awaitsOthers(holds))
        #expect(recorder.observe(SocketReadiness(), isShared: true).isEmpty)
        #expect(!recorder.isSilent(event))
        #expect(!recorder.awaitsOthers(SocketReadiness()))
        #expect(recorder.observe(holds, isShared: true).events == event)
    }

    @Test(arguments: NetworkEventRecorderTests.levels)
    func `what is silent is waited for nevertheless`(
        event: NetworkEvents, phase: Recorder.Phase, call: Recorder.Call
    ) {
        var recorder = Recorder(selecting: event, phase: phase)
        let before = recorder.interest(isShared: true)
        #expect(!before.isEmpty)
        _ = recorder.observe(holding(event), isShared: true)
        #expect(recorder.interest(isShared: true) == before)
        #expect(recorder.interest(isShared: false).isEmpty)
    }

    @Test func `the end comes after data that others read`() {
        var recorder = Recorder(selecting: .close, phase: .connected)
        let unread = facts {
            $0.isReadable = true
            $0.isHungUp = true
        }
        #expect(recorder.observe(unread, isShared: true).isEmpty)
        #expect(recorder.awaitsOthers(unread))
        let read = facts { $0.isHungUp = true }
        #expect(recorder.observe(read, isShared: true).events == .close)
        #expect(!recorder.awaitsOthers(read))
    }

    @Test(arguments: [(Recorder.Phase.datagram, NetworkEvents.read), (.listening, .accept)])
    func `an error that somebody is to fetch is told once`(
        phase: Recorder.Phase, event: NetworkEvents
    ) {
        var recorder = Recorder(selecting: event, phase: phase)
        let failed = facts { $0.error = .connectionReset }
        #expect(recorder.observe(failed, isShared: true).events == event)
        #expect(recorder.observe(failed, isShared: true).isEmpty)
        #expect(recorder.awaitsOthers(failed))
        #expect(recorder.observe(SocketReadiness(), isShared: true).isEmpty)
        #expect(recorder.observe(failed, isShared: true).events == event)
    }

    @Test func `nothing is awaited of what is not selected or has no end`() {
        var recorder = Recorder(selecting: .write, phase: .connected)
        let both = facts {
            $0.isReadable = true
            $0.isUrgent = true
            $0.isWritable = true
        }
        #expect(recorder.observe(both, isShared: true).events == .write)
        #expect(!recorder.awaitsOthers(both))
        #expect(recorder.isSilent(.write))
        #expect(!recorder.isSilent(.read))
    }
}
