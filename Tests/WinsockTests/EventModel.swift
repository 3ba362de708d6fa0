@testable import Winsock

/// What a registration must record, worked out anew for one event at a time from all that has
/// happened: each rule is a search backwards through the history.
struct EventModel {
    enum Step {
        case called(NetworkEventRecorder.Call)
        case observed(SocketReadiness)
    }

    private let selected: NetworkEvents
    private var history: [Step] = []
    /// What each step of the history recorded.
    private var recorded: [[NetworkEvents: WSAError?]] = []
    /// What the socket was before each step, and is now.
    private var phases: [NetworkEventRecorder.Phase]

    init(phase: NetworkEventRecorder.Phase, selected: NetworkEvents) {
        phases = [phase]
        self.selected = selected
    }

    mutating func called(_ call: NetworkEventRecorder.Call) {
        history.append(.called(call))
        recorded.append([:])
        phases.append(phaseAfterLast())
    }

    /// What an observation must record.
    mutating func observed(_ facts: SocketReadiness) -> [NetworkEvents: WSAError?] {
        history.append(.observed(facts))
        var all: [NetworkEvents: WSAError?] = [:]
        for event: NetworkEvents in [.read, .write, .outOfBand, .accept, .connect, .close]
        where selected.contains(event) && !isSilent(event) {
            if let code = condition(event, facts, at: history.count - 1) {
                all.updateValue(code, forKey: event)
            }
        }
        recorded.append(all)
        phases.append(phaseAfterLast())
        return all
    }

    /// Whether the event was recorded, and not re-enabled since.
    private func isSilent(_ event: NetworkEvents) -> Bool {
        for index in recorded.indices.reversed() {
            if case .called(let call) = history[index], enables(call, event, at: index) {
                return false
            }
            if recorded[index].keys.contains(event) { return true }
        }
        return false
    }

    /// Whether the event's condition holds, and the code it has then.
    private func condition(
        _ event: NetworkEvents, _ facts: SocketReadiness, at index: Int
    ) -> WSAError?? {
        let down: WSAError? = facts.error == .networkDown ? .networkDown : nil
        let isBroken = facts.error != nil || facts.isHungUp
        let phase = phases[index]
        let isConnected =
            phase == .connected || phase == .accepted
            || phase == .connecting && facts.isWritable && !isBroken
        switch event {
        case .accept:
            let holds = phase == .listening && (facts.isAcceptable || facts.error != nil)
            return holds ? .some(down) : nil
        case .connect:
            if phase == .connecting, isBroken { return .some(facts.error ?? .notConnected) }
            return isConnected && phase != .accepted ? .some(nil) : nil
        case .read where phase == .datagram:
            return facts.isReadable || facts.error != nil ? .some(down) : nil
        case .write where phase == .datagram:
            return facts.isWritable ? .some(down) : nil
        case .read:
            return isConnected && facts.isReadable ? .some(nil) : nil
        case .outOfBand:
            return isConnected && facts.isUrgent ? .some(nil) : nil
        case .write:
            return isConnected && facts.isWritable && !wasBroken(upTo: index) ? .some(nil) : nil
        default:
            guard isConnected, isBroken || facts.isAtEnd, !facts.isReadable else { return nil }
            guard let error = facts.error else { return .some(nil) }
            let known: [WSAError] = [.connectionReset, .networkDown]
            return .some(known.contains(error) ? error : .connectionAborted)
        }
    }

    private func enables(
        _ call: NetworkEventRecorder.Call, _ event: NetworkEvents, at index: Int
    ) -> Bool {
        let phase = phases[index]
        return switch call {
        case .receive: event == .read || event == .outOfBand
        case .accept: event == .accept
        case .sendWouldBlock: event == .write
        case .connect, .listen: phase == .idle
        }
    }

    private func wasBroken(upTo index: Int) -> Bool {
        for step in history[...index].reversed() {
            switch step {
            case .called(.connect): return false
            case .observed(let facts) where facts.error != nil || facts.isHungUp: return true
            default: continue
            }
        }
        return false
    }

    private func phaseAfterLast() -> NetworkEventRecorder.Phase {
        let phase = phases[history.count - 1]
        return switch history[history.count - 1] {
        case .called(.connect) where phase == .idle: .connecting
        case .called(.listen) where phase == .idle: .listening
        case .observed(let facts) where phase == .connecting:
            if facts.error != nil || facts.isHungUp {
                .idle
            } else {
                facts.isWritable ? .connected : .connecting
            }
        default: phase
        }
    }
}
