import Journal
import Registry

extension HistoryChecker {
    /// `process`, `socket` and `handoff` are numbers of events that introduced them.
    mutating func checkReferences(_ event: Event) {
        switch event.content {
        case .processSeen, .socketSeen, .handoffIssued, .requestRefused: break
        default:
            let columns = EventColumns(event)
            if let handoff = columns.handoff, open[handoff] == nil, !ended.contains(handoff) {
                note(.referencesExist, event.sequence, "handoff #\(handoff) was never issued")
            }
        }
        let columns = EventColumns(event)
        for process in [columns.actor, columns.target].compactMap(\.self)
        where processes[process] == nil && process != event.sequence {
            note(.referencesExist, event.sequence, "process #\(process) was never seen")
        }
        if let socket = columns.socket, socket != event.sequence, sockets[socket] == nil {
            note(.referencesExist, event.sequence, "socket #\(socket) was never seen")
        }
    }

    mutating func checkContent(_ event: Event) {
        switch event.content {
        case .coordinatorStarted(_, let number):
            if number != epoch + 1 {
                note(.epochsRise, event.sequence, "epoch \(number) after \(epoch)")
            }
            epoch = number
        case .processSeen(let identity):
            let number = instances[identity.instance] ?? event.sequence
            instances[identity.instance] = number
            // One that is seen again keeps its first number, and can be named by it alone.
            processes[number] = identity.instance
        case .processExited(let process, _):
            if let instance = processes[process] { instances[instance] = nil }
            exited.insert(process)
        case .socketSeen(let identity):
            let number = cookies[identity.cookie] ?? event.sequence
            cookies[identity.cookie] = number
            sockets[number] = identity.cookie
        case .socketReleased(let socket, let how): release(socket, how, event.sequence)
        case .notificationSelected(let process, let socket, _):
            checkSilence(of: process, event)
            if descriptors[[process, socket]] == nil { open(process, socket) }
        case .descriptorClosed(let process, let socket, _): close(process, socket, event.sequence)
        default: checkHandoff(event)
        }
    }

    private mutating func checkHandoff(_ event: Event) {
        switch event.content {
        case .handoffIssued(let issued):
            checkSilence(of: issued.actor, event)
            open[event.sequence] = OpenHandoff(
                source: issued.actor, target: issued.target, socket: issued.socket,
                deadline: issued.lifetime.map { event.time.bootMicroseconds + Int64($0) })
            handoffsBySocket[issued.socket, default: 0] += 1
            if descriptors[[issued.actor, issued.socket]] == nil {
                open(issued.actor, issued.socket)
            }
        case .handoffReserved(let reserved): reserve(reserved, event)
        case .handoffDelivered(let number, _): deliver(number, event)
        case .deliveryFailed(let number, _):
            if open[number]?.isReserved != true {
                note(.deliveredAfterReserved, event.sequence, "#\(number) was not being delivered")
            }
            open[number]?.isReserved = false
        case .handoffRevoked(let revoked):
            checkSilence(of: revoked.actor, event)
            end(revoked.handoff, event.sequence)
        case .handoffExpired(let number), .handoffVoided(let number, _):
            end(number, event.sequence)
        default: break
        }
    }

    private mutating func checkSilence(of process: UInt64, _ event: Event) {
        if exited.contains(process) {
            note(.silentAfterExit, event.sequence, "process #\(process) had exited")
        }
    }

    // MARK: - Redemptions

    private mutating func reserve(_ reserved: Event.Reserved, _ event: Event) {
        checkSilence(of: reserved.actor, event)
        guard let handoff = open[reserved.handoff] else {
            return note(.reservedWhileOpen, event.sequence, "#\(reserved.handoff) had ended")
        }
        if handoff.target != reserved.actor {
            note(
                .redeemedByTarget, event.sequence,
                "by process #\(reserved.actor), not #\(handoff.target)")
        }
        if let deadline = handoff.deadline, deadline <= event.time.bootMicroseconds {
            note(
                .redeemedInTime, event.sequence,
                "\(event.time.bootMicroseconds - deadline) µs too late")
        }
        if Int64(reserved.attempt) != handoff.attempt + 1 {
            note(
                .attemptsCount, event.sequence,
                "attempt \(reserved.attempt) after \(handoff.attempt)")
        }
        open[reserved.handoff]?.isReserved = true
        open[reserved.handoff]?.attempt = Int64(reserved.attempt)
    }

    private mutating func deliver(_ number: UInt64, _ event: Event) {
        if delivered.contains(number) {
            note(.deliveredOnce, event.sequence, "#\(number) had been delivered")
        } else if open[number]?.isReserved != true {
            note(.deliveredAfterReserved, event.sequence, "#\(number) was not reserved")
        }
        delivered.insert(number)
        if let handoff = open[number] { open(handoff.target, handoff.socket) }
        end(number, event.sequence)
    }

    private mutating func end(_ number: UInt64, _ sequence: UInt64) {
        guard let handoff = open.removeValue(forKey: number) else {
            if ended.contains(number) { note(.endedOnce, sequence, "#\(number) had ended") }
            return
        }
        handoffsBySocket[handoff.socket, default: 0] -= 1
        ended.insert(number)
        endOrder.append(number)
        guard endOrder.count >= 2 * Self.endingsMaximum else { return }
        for old in endOrder.prefix(Self.endingsMaximum) {
            ended.remove(old)
            delivered.remove(old)
        }
        endOrder.removeFirst(Self.endingsMaximum)
    }

    // MARK: - Descriptors

    private mutating func open(_ process: UInt64, _ socket: UInt64) {
        descriptors[[process, socket], default: 0] += 1
        descriptorsBySocket[socket, default: 0] += 1
    }

    private mutating func close(_ process: UInt64, _ socket: UInt64, _ sequence: UInt64) {
        let key = [process, socket]
        guard let count = descriptors[key] else {
            return note(
                .closedWhatWasOpen, sequence, "process #\(process) had none of socket #\(socket)")
        }
        descriptors[key] = count > 1 ? count - 1 : nil
        descriptorsBySocket[socket, default: 0] -= 1
    }

    private mutating func release(_ socket: UInt64, _ how: ReleaseProof, _ sequence: UInt64) {
        let (descriptors, handoffs) = (
            descriptorsBySocket[socket, default: 0], handoffsBySocket[socket, default: 0]
        )
        if how == .counted, descriptors > 0 || handoffs > 0 {
            note(
                .releasedWhenEmpty, sequence,
                "\(descriptors) descriptors and \(handoffs) open handoffs were left")
        }
        descriptorsBySocket[socket] = nil
        handoffsBySocket[socket] = nil
        if let cookie = sockets[socket] { cookies[cookie] = nil }
    }

    // MARK: - The present

    mutating func compareProjection(_ reader: LogReader, end: UInt64) throws {
        // The coordinator may have gone on since.
        guard try reader.eventCount() == end, end > 0 else { return }
        var next: UInt64 = 0
        var found: Set<UInt64> = []
        while true {
            let page = try reader.handoffs(states: ["issued", "reserved"], pids: [], from: next)
            for handoff in page {
                found.insert(handoff.number)
                compare(handoff, last: end - 1)
            }
            guard page.count == LogReader.pageRows, let last = page.last else { break }
            next = last.number + 1
        }
        for number in Set(open.keys).subtracting(found).sorted() {
            note(.projectionAgrees, end - 1, "handoff #\(number) is open, and listed as ended")
        }
    }

    private mutating func compare(_ stored: StoredHandoff, last: UInt64) {
        guard let handoff = open[stored.number] else {
            return note(
                .projectionAgrees, last, "handoff #\(stored.number) is listed as \(stored.state)")
        }
        let state = handoff.isReserved ? "reserved" : "issued"
        if stored.state != state || stored.source.number != handoff.source
            || stored.target.number != handoff.target || stored.socket.number != handoff.socket
        {
            note(
                .projectionAgrees, last,
                "handoff #\(stored.number) is \(state), and listed as \(stored.state)")
        }
    }
}
