import Journal
import Registry

/// Both histories side by side, in the same words.
struct Comparison: Sendable {
    private var recorded = Narration()
    private var now = Narration()
    /// The recorded process that a process of the cast plays, by its pid.
    private var roles: [Int32: ProcessNumber] = [:]
    /// The recorded cookie of each real socket.
    private var cookies: [UInt64: UInt64] = [:]
    /// The last lines that were the same.
    private var before: [Line] = []

    private struct Line {
        var number: UInt64
        var text: String
    }

    /// Lines around the first that differs.
    private static let context = 3

    // MARK: - Who is who

    mutating func cast(_ pid: Int32, as number: ProcessNumber) { roles[pid] = number }
    mutating func equip(_ cookie: UInt64, as recorded: UInt64) { cookies[cookie] = recorded }

    /// What a bundle begins with has names from the beginning.
    mutating func introduce(_ start: Registry) {
        for number in start.processes.keys.sorted() {
            if let process = start.processes[number] {
                recorded.introduce(process.identity, as: number)
            }
        }
        for number in start.sockets.keys.sorted() {
            if let socket = start.sockets[number] {
                recorded.introduce(socket.identity, as: number)
            }
        }
        for number in start.handoffs.keys.sorted() {
            recorded.name(handoff: number, "handoff-\(recorded.handoffs.count + 1)")
        }
    }

    /// What was not performed has its names all the same.
    mutating func introduce(_ scene: Scene) {
        for event in scene.steps.flatMap({ $0.events }) { recorded.introduce(event) }
    }

    /// Something of the new log is what the history calls so.
    mutating func identify(handoff number: HandoffNumber, as original: HandoffNumber) {
        if let name = recorded.handoffs[original] { now.name(handoff: number, name) }
    }

    mutating func identify(process number: ProcessNumber, _ identity: ProcessIdentity) {
        guard let role = roles[identity.pid] else { return }
        if let name = recorded.processes[role] { now.name(process: number, name) }
    }

    mutating func identify(socket number: SocketNumber, _ identity: SocketIdentity) {
        guard let cookie = cookies[identity.cookie], let name = recorded.name(ofCookie: cookie)
        else { return }
        now.name(socket: number, name)
    }

    mutating func meet(_ event: Event) {
        switch event.content {
        case .processSeen(let identity): identify(process: event.sequence, identity)
        case .socketSeen(let identity): identify(socket: event.sequence, identity)
        default: break
        }
    }

    // MARK: - Line by line

    func line(_ event: Event) -> String { recorded.line(event) }

    /// The two columns where the steps differ; nil while they are the same.
    mutating func compare(_ original: Step, _ step: Step) -> Divergence? {
        for event in original.events { recorded.introduce(event) }
        let events = step.isMissing ? [] : step.events
        for (index, event) in events.enumerated() {
            meet(event)
            if case .handoffIssued = event.content, index < original.events.count,
                case .handoffIssued = original.events[index].content
            {
                identify(handoff: event.sequence, as: original.events[index].sequence)
            }
        }
        let (left, right) = (original.events, events)
        for index in 0..<max(left.count, right.count) {
            let first = index < left.count ? left[index] : nil
            let second = index < right.count ? right[index] : nil
            guard let first, let second,
                Narration.alike((first, recorded.line(first)), (second, now.line(second)))
            else { return diff(left.dropFirst(index), right.dropFirst(index)) }
            before.append(Line(number: first.sequence, text: recorded.line(first)))
            if before.count > Self.context { before.removeFirst() }
        }
        return nil
    }

    /// The two columns when the new log goes on; nil when it has nothing more.
    mutating func excess(_ steps: [Step]) -> Divergence? {
        guard !steps.isEmpty else { return nil }
        let events = steps.flatMap { $0.events }
        for event in events { meet(event) }
        return diff([], events[...])
    }

    // MARK: - Two columns

    private func diff(
        _ left: ArraySlice<Event>, _ right: ArraySlice<Event>
    ) -> Divergence {
        let ahead = Self.context + 1
        let lefts =
            before.map { "  #\($0.number) \($0.text)" }
            + left.prefix(ahead).enumerated().map {
                "\($0 == 0 ? "!" : " ") #\($1.sequence) \(recorded.line($1))"
            }
        let rights =
            before.map { "  \($0.text)" }
            + right.prefix(ahead).enumerated().map { "\($0 == 0 ? "!" : " ") \(now.line($1))" }
        var rows = [Divergence.Row(recorded: "  recorded", now: "  now")]
        for index in 0..<max(lefts.count, rights.count) {
            let nothing = index == before.count ? "! (nothing)" : ""
            rows.append(
                Divergence.Row(
                    recorded: index < lefts.count ? lefts[index] : nothing,
                    now: index < rights.count ? rights[index] : nothing))
        }
        return Divergence(rows: rows)
    }
}
