import TestSupport
import Testing

@testable import Winsock

/// Random histories against the model.
struct NetworkEventRandomTests {
    typealias Recorder = NetworkEventRecorder

    /// A socket's true state, from which consistent facts are observed.
    struct World {
        var facts = SocketReadiness()

        mutating func change(_ phase: Recorder.Phase, using generator: inout SeededGenerator) {
            let isConnected = phase == .connected || phase == .accepted
            let canReceive =
                (isConnected || phase == .datagram) && !facts.isAtEnd && facts.error == nil
            switch Int.random(in: 0..<12, using: &generator) {
            case 0...2: facts.isReadable = facts.isReadable || canReceive
            case 3, 4: facts.isWritable = true
            case 5: facts.isWritable = false
            case 6: facts.isUrgent = facts.isUrgent || canReceive
            case 7, 8: facts.isAcceptable = facts.isAcceptable || phase == .listening
            case 9: facts.isAtEnd = facts.isAtEnd || isConnected
            case 10 where generator.next().isMultiple(of: 4):
                let errors: [WSAError] = [.connectionReset, .networkDown, .timedOut]
                facts.error = errors.randomElement(using: &generator)
                facts.isHungUp = phase != .datagram
            default: break
            }
        }

        mutating func perform(_ call: Recorder.Call, using generator: inout SeededGenerator) {
            switch call {
            case .receive:
                facts.isReadable = facts.isReadable && Bool.random(using: &generator)
                facts.isUrgent = facts.isUrgent && Bool.random(using: &generator)
            case .accept: facts.isAcceptable = facts.isAcceptable && Bool.random(using: &generator)
            case .sendWouldBlock: facts.isWritable = false
            case .connect, .listen: break
            }
        }

        var interest: SocketReadiness.Interest {
            var interest: SocketReadiness.Interest = []
            if facts.isReadable || facts.isAcceptable { interest.insert(.readable) }
            if facts.isWritable { interest.insert(.writable) }
            if facts.isUrgent { interest.insert(.urgent) }
            if facts.isAtEnd { interest.insert(.end) }
            return interest
        }
    }

    private func run(_ phase: Recorder.Phase, seed: UInt64) -> Int {
        var generator = SeededGenerator(seed: seed)
        let isWhole = Bool.random(using: &generator)
        let selected = isWhole ? .all : NetworkEvents(rawValue: UInt32(generator.next() & 0x3FF))
        var recorder = Recorder(selecting: selected, phase: phase)
        var model = EventModel(phase: phase, selected: selected)
        var world = World()
        var untaken: [NetworkEvents: WSAError?] = [:]
        var count = 0
        var hasObserved = false
        for _ in 0..<40 {
            var mustLook = !hasObserved
            if generator.next().isMultiple(of: 3),
                let call = Recorder.Call.allCases.randomElement(using: &generator)
            {
                world.perform(call, using: &generator)
                model.called(call)
                mustLook = recorder.called(call) || mustLook
            }
            world.change(recorder.phase, using: &generator)
            let interest = recorder.interest
            let news = recorder.observe(world.facts)
            let expected = model.observed(world.facts)
            #expect(dictionary(news) == expected, "seed \(seed)")
            count += expected.count
            // What is recorded was waited for, or found by looking at once.
            let isBroken = world.facts.error != nil || world.facts.isHungUp
            let isFound =
                !interest.isDisjoint(with: world.interest) || isBroken && !interest.isEmpty
                || mustLook
            hasObserved = true
            #expect(expected.isEmpty || isFound, "seed \(seed)")
            untaken.merge(expected) { $1 }
            if generator.next().isMultiple(of: 5) {
                #expect(dictionary(recorder.take()) == untaken, "seed \(seed)")
                untaken = [:]
            }
        }
        return count
    }

    private func dictionary(_ record: NetworkEventRecord) -> [NetworkEvents: WSAError?] {
        record.entries.reduce(into: [:]) { $0.updateValue($1.code, forKey: $1.event) }
    }

    @Test(arguments: Recorder.Phase.allCases)
    func `a random history is recorded as the model says`(phase: Recorder.Phase) {
        var count = 0
        for seed in 0..<200 as Range<UInt64> { count += run(phase, seed: seed) }
        #expect(count > 300, "the histories record something")
    }
}
