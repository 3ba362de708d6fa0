import Journal
import Registry
import Transport
import Winsock
import Wire

/// Performs a recorded history again: a process of its own for every process that acts, real
/// sockets, a fresh coordinator. After each scene it reads what the new log has, and compares.
package final class Conductor {
    /// How fast one scene follows the other.
    package enum Speed: Sendable, Equatable {
        case maximum
        /// The recorded distances, times this factor.
        case scale(Double)
        /// Each after a line of input.
        case step

        /// Milliseconds between two scenes that were so many microseconds apart. A boot in between
        /// makes that negative, and a stranger's bundle anything.
        func pause(recorded microseconds: Int64) -> Int32 {
            guard case .scale(let factor) = self else { return 0 }
            return Int32(max(0, min(Double(microseconds) / 1000 * factor, 2e9)))
        }
    }

    let score: Score
    let stage: Stage
    let props: Props
    let casting: Casting
    let bundle: HistoryBundle
    let speed: Speed
    /// The number of the last event that is performed.
    private let until: UInt64?
    private let say: (String) throws -> Void
    private let pause: (Int32) throws -> Void
    private let awaitGo: () throws -> Void
    private let note: (String) -> Void

    /// The cast, by the recorded numbers.
    var actors: [ProcessNumber: Actor] = [:]
    /// Those who stand for sources that had ended when the bundle begins, by their user.
    var helpers: [UserIDs?: ProcessNumber] = [:]
    /// Those who stand for nobody in the history; each goes with its scene.
    var extras: [Actor] = []
    /// Ends what a request of the scene being performed needed, and no later one does.
    var leftovers: [() throws -> Void] = []
    var sockets: [UInt64: RealSocket] = [:]
    /// Of sockets that somebody will use who does not get them through Baton.
    var copies: [UInt64: SharedDescriptor] = [:]
    var handoffs: [HandoffNumber: RealHandoff] = [:]
    /// Who had which attempt of the grants that a bundle begins with.
    var openings: [HandoffNumber: (actor: ProcessNumber, attempt: UInt32)] = [:]
    /// By which client instances the processes asked for what a bundle begins with.
    var openingNonces: [ProcessNumber: UInt64] = [:]
    /// Of the scene being performed.
    var position = 0
    var hasCoordinator = true
    /// Whether the configuration is one of those that differ from the usual by `isOther`.
    var isOtherConfiguration = false
    var pace = Pace()

    var comparison = Comparison()
    private var queue: [Event] = []
    private var report = DriveReport()

    /// A socket of the history, made again.
    struct RealSocket {
        var cookie: UInt64
        /// As it was seen last.
        var identity: SocketIdentity
    }

    /// A handoff of the history, made again.
    struct RealHandoff {
        var number: HandoffNumber
        var record: [UInt8]
        /// The source's.
        var flags: UInt32
        /// The recorded cookie of its socket.
        var cookie: UInt64
        /// CLOCK_BOOTTIME microseconds after which it ends.
        var deadline: Int64?
        /// The target's descriptor of the last grant.
        var granted: UInt64?
    }

    /// - Parameters:
    ///   - until: the play stops after the step that has this event.
    ///   - directory: where the scratch database is made.
    ///   - say: takes the lines of `step`.
    ///   - pause: waits so many milliseconds before the next scene, and throws what ends the play.
    ///   - awaitGo: waits before the next scene of `step`.
    ///   - note: takes what stays behind after the play, a line each.
    package init(
        _ bundle: HistoryBundle, speed: Speed, until: UInt64? = nil, directory: String,
        say: @escaping (String) throws -> Void, pause: @escaping (Int32) throws -> Void,
        awaitGo: @escaping () throws -> Void, note: @escaping (String) -> Void
    ) throws {
        self.bundle = bundle
        self.speed = speed
        self.until = until
        self.say = say
        self.pause = pause
        self.awaitGo = awaitGo
        self.note = note
        score = Score(bundle)
        stage = try Stage(in: directory)
        casting = Casting(bundle, directory: stage.directory)
        props = Props(stage)
    }

    // MARK: - The play

    package func run() throws -> DriveReport {
        // An error of the play is not lost to what goes wrong afterwards.
        defer { end() }
        try startCoordinator()
        try tell("baton status --socket \(stage.socketPath)")
        try tell("baton history --database \(stage.databasePath)")
        try tell("ask these meanwhile; Enter performs the next step")
        try play()
        return report
    }

    private func end() {
        for actor in actors.keys.sorted().compactMap({ actors[$0] }) + extras {
            do {
                try actor.dismiss()
            } catch {
                note("process \(actor.pid) of the cast was not ended: \(error)")
            }
        }
        for problem in stage.remove() { note(problem) }
    }

    private func play() throws {
        countHostSteps(through: until ?? .max)
        if bundle.first > 0 { try begin(with: bundle.start) }
        for (index, scene) in score.scenes.enumerated() {
            if let until, scene.steps[0].first.sequence > until { return try stop(before: index) }
            position = index
            try wait(before: scene)
            do {
                try perform(scene)
            } catch let obstacle as Unperformable {
                try pass(over: scene, because: obstacle.reason)
                try clear()
                guard case .coordinatorStarted = scene.main.first.content else { continue }
                return try giveUp(at: index)
            }
            let steps = try collect(scene)
            try clear()
            for (recorded, now) in zip(scene.steps, steps) {
                if let divergence = comparison.compare(recorded, now) {
                    report.divergence = divergence
                    return
                }
                for event in recorded.events {
                    try tell("same #\(event.sequence) \(comparison.line(event))")
                }
                report.stepCount += 1
                report.eventCount += recorded.events.count
            }
            keepForTheFuture()
        }
        if until != nil { return try stop(before: score.scenes.count) }
        report.divergence = comparison.excess(try rest())
    }

    private func pass(over scene: Scene, because reason: String) throws {
        report.pass(over: scene, because: reason)
        comparison.introduce(scene)
        let first = scene.main.first
        try tell(
            "not  #\(first.sequence) \(comparison.line(first)) "
                + "(cannot be performed: \(reason))")
    }

    /// After a start that was not performed all requests would reach another coordinator than the
    /// recorded one, or none.
    private func giveUp(at index: Int) throws {
        let rest = score.scenes.dropFirst(index + 1).prefix {
            $0.steps[0].first.sequence <= until ?? .max
        }
        report.passOver(rest.count, because: "after a start that was not performed")
        try stop(before: index)
        countHostSteps(through: report.lastEvent ?? 0)
    }

    private func countHostSteps(through last: UInt64) {
        report.hostStepCount = Step.all(of: bundle.events).count {
            $0.isToldByHost && $0.first.sequence <= last
        }
    }

    /// What one scene needed is not held to the end of the play: processes and their descriptors
    /// are bounded.
    private func clear() throws {
        for end in leftovers { try end() }
        leftovers = []
        for extra in extras { try extra.dismiss() }
        extras = []
    }

    /// Whoever goes step by step can look at the coordinator before it ends.
    private func stop(before index: Int) throws {
        report.lastEvent = index > 0 ? score.scenes[index - 1].lastSequence : nil
        let place = report.lastEvent.map { "after #\($0)" } ?? "before the first step"
        try tell("stopped \(place); Enter ends it")
        if speed == .step { try awaitGo() }
    }

    private func tell(_ line: String) throws { if speed == .step { try say(line) } }

    private func wait(before scene: Scene) throws {
        switch speed {
        case .maximum, .scale:
            guard position > 0 else { return try pause(0) }
            let before = score.scenes[position - 1].main.first.time.bootMicroseconds
            let distance = scene.steps[0].first.time.bootMicroseconds - before
            try pause(speed.pause(recorded: distance))
        case .step:
            // Lifetimes run on, so nobody is waited for while one of them has to end.
            let isRunning = handoffs.contains { number, handoff in
                handoff.deadline != nil && (score.ends[number] ?? -1) >= position
            }
            if !isRunning { try awaitGo() }
        }
    }

    // MARK: - What the log has now

    /// As many steps as were recorded, with as many events, as far as they come in time.
    private func collect(_ scene: Scene) throws -> [Step] {
        let end = Clock.bootMicroseconds() + patience(scene) * 1000
        while true {
            queue += try stage.newEvents()
            let steps = Array(Step.performed(in: queue).prefix(scene.steps.count))
            let isComplete =
                steps.count == scene.steps.count
                && zip(scene.steps, steps).allSatisfy { $0.events.count <= $1.events.count }
            let isWrong = zip(scene.steps, steps).contains {
                $0.first.content.kind != $1.first.content.kind
            }
            if isComplete || isWrong || Clock.bootMicroseconds() >= end {
                let taken = Set(steps.flatMap { $0.events.map(\.sequence) })
                queue.removeAll { taken.contains($0.sequence) }
                let missing = scene.steps.count - steps.count
                return steps + Array(repeating: Step.missing, count: missing)
            }
            Clock.sleep(milliseconds: 1)
        }
    }

    /// Milliseconds. What was asked for is in the log with its answer; the rest takes its time.
    private func patience(_ scene: Scene) -> Int64 {
        switch scene.main.first.content {
        case .processExited, .deliveryFailed, .coordinatorStarted, .coordinatorRecovered,
            .coordinatorStopped:
            10_000
        case .configurationChanged: 10_000
        case .handoffExpired(let number), .handoffVoided(let number, _):
            10_000
                + max(0, ((handoffs[number]?.deadline ?? 0) - Clock.bootMicroseconds()) / 1000)
        default: scene.main.consequences.isEmpty ? 500 : 5_000
        }
    }

    private func rest() throws -> [Step] {
        queue += try stage.newEvents()
        return Step.performed(in: queue)
    }

    /// Copies of sockets go as soon as nobody needs them any more.
    private func keepForTheFuture() {
        copies = copies.filter { (score.lastForeignUse[$0.key] ?? -1) > position }
    }
}

/// The log takes so many refusals of one user in a second, and counts the rest: who plays a longer
/// history in less time has to wait now and then.
struct Pace {
    private static let refusals = 100
    private static let microseconds: Int64 = 1_050_000
    private var times: [Int64] = []

    mutating func waitForTurn() {
        while times.count >= Self.refusals, Clock.bootMicroseconds() - times[0] < Self.microseconds
        {
            Clock.sleep(milliseconds: 1)
        }
        if times.count >= Self.refusals { times.removeFirst() }
        times.append(Clock.bootMicroseconds())
    }
}

extension Scene {
    /// Of the last event of its steps.
    var lastSequence: UInt64 { steps.flatMap { $0.events }.map(\.sequence).max() ?? 0 }
}

extension Step {
    /// Stands where the new log has nothing.
    static let missing = Step(
        first: Event(
            sequence: .max, time: Instant(wallMicroseconds: 0, bootMicroseconds: 0), cause: nil,
            content: .reconcileFound(found: "")))

    var isMissing: Bool { first.sequence == .max }
}
