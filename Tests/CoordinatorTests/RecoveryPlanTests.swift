import Coordinator
import Registry
import Testing
import Wire

/// What a new coordinator looks for, and what follows from what it finds.
struct RecoveryPlanTests {
    private func reserve(_ handoff: HandoffNumber, _ desk: Desk, counter: UInt64 = 2) {
        let reply = desk.send(
            Desk.redeem(counter, handoff: handoff), from: 2, desk.facts(desk.target))
        #expect(reply == .granted(handoff, attempt: 1, notes: []))
    }

    private func restarted(_ desk: Desk) -> Coordinator {
        Coordinator(registry: desk.coordinator.registry, pid: 322)
    }

    /// Handoffs with the instances and cookies that prove their delivery.
    private func questions(_ desk: Desk) -> [[UInt64]] {
        restarted(desk).deliveryQuestions.map { [$0.handoff, $0.target, $0.instance, $0.cookie] }
    }

    @Test func `a delivery without its confirm is looked for in the target`() {
        let desk = Desk()
        _ = desk.peer(1, desk.source)
        _ = desk.peer(2, desk.target)
        _ = desk.issued()
        let handoff = desk.issued(counter: 3)
        reserve(handoff, desk)
        #expect(questions(desk) == [[handoff, desk.target, 22, Desk.cookie]])
    }

    @Test func `a descriptor that the target has from elsewhere proves nothing`() {
        let desk = Desk()
        _ = desk.peer(1, desk.source)
        _ = desk.peer(2, desk.target)
        let first = desk.issued()
        reserve(first, desk)
        desk.send(
            .confirm(handoff: first, attempt: 1, cookie: Desk.cookie), from: 2,
            desk.facts(desk.target))
        let second = desk.issued(counter: 3)
        reserve(second, desk, counter: 3)
        #expect(questions(desk).isEmpty)
    }

    @Test func `one descriptor does not prove two deliveries`() {
        let desk = Desk()
        _ = desk.peer(1, desk.source)
        _ = desk.peer(2, desk.target)
        let (first, second) = (desk.issued(), desk.issued(counter: 3))
        reserve(first, desk)
        reserve(second, desk, counter: 3)
        #expect(questions(desk).isEmpty)
    }

    @Test func `a delivery that failed after an earlier grant of it counts with the others`() {
        let desk = Desk()
        _ = desk.peer(1, desk.source)
        _ = desk.peer(2, desk.target)
        let (first, second) = (desk.issued(), desk.issued(counter: 3))
        reserve(first, desk)
        reserve(second, desk, counter: 3)
        // The target had the descriptor of an earlier grant by then.
        desk.coordinator.perform(
            .deliveryFailed(handoff: first, actor: nil, reason: .unsent), at: desk.time)
        #expect(questions(desk).isEmpty)
    }

    // MARK: - Escrow

    /// A desk with so many open handoffs of its one socket.
    private func desk(issuing count: Int) -> (Desk, [HandoffNumber]) {
        let desk = Desk()
        _ = desk.peer(1, desk.source)
        _ = desk.peer(2, desk.target)
        return (desk, (0..<count).map { desk.issued(counter: UInt64($0) + 2) })
    }

    private func kept(
        _ place: Int, _ label: RecoveryPlan.Kept.Label, cookie: UInt64? = Desk.cookie
    ) -> RecoveryPlan.Kept {
        RecoveryPlan.Kept(place: place, label: label, cookie: cookie)
    }

    @Test func `what the keeper has is proved by its cookie, and the rest is closed`() {
        let (desk, handoffs) = desk(issuing: 2)
        let plan = RecoveryPlan(
            [
                kept(0, .escrow(handoffs[1])), kept(1, .escrow(handoffs[0]), cookie: 5),
                kept(2, .escrow(99)), kept(3, .surplus, cookie: nil),
                kept(4, .escrow(handoffs[1])),
            ], for: restarted(desk))
        #expect(
            plan.steps == [
                .adopt(handoffs[1], place: 0), .close(place: 1), .close(place: 2),
                .close(place: 3), .close(place: 4),
            ])
        #expect(plan.findings(pid: 1, epoch: 1).kept == [handoffs[1]])
    }

    @Test func `what a service manager kept is the last handoff's, and copied for the others`() {
        let (desk, handoffs) = desk(issuing: 4)
        let next = restarted(desk)
        var plan = RecoveryPlan([kept(0, .stored), kept(1, .escrow(handoffs[0]))], for: next)
        #expect(plan.copies.map(\.handoff) == [handoffs[1], handoffs[2]])
        #expect(plan.copies.map(\.place) == [0, 0])
        #expect(
            plan.steps == [
                .adopt(handoffs[0], place: 1), .hold(handoffs[1]), .hold(handoffs[2]),
                .adopt(handoffs[3], place: 0),
            ])
        desk.send(
            .revoke(counter: 9, watermark: 0, handoff: handoffs[3], text: ""), from: 1,
            desk.facts(desk.source))
        plan.settle(for: desk.coordinator.registry)
        #expect(
            plan.steps == [
                .adopt(handoffs[0], place: 1), .hold(handoffs[1]), .hold(handoffs[2]),
                .close(place: 0),
            ], "what is not needed after all is closed")
    }

    @Test func `what nobody kept is looked for once at its source, unless it has arrived`() {
        let (desk, handoffs) = desk(issuing: 3)
        reserve(handoffs[0], desk, counter: 9)
        var plan = RecoveryPlan([], for: restarted(desk))
        #expect(plan.deliveryLooks.map(\.process) == [desk.target])
        plan.saw([Desk.cookie], in: desk.target, ancestors: [])
        #expect(plan.sourceLooks.map(\.process) == [desk.source])
        #expect(plan.sourceLooks.map { $0.sockets.map(\.cookie) } == [[Desk.cookie]])
        #expect(plan.took([], from: desk.source).isEmpty)
        let taken = plan.took([Desk.cookie], from: desk.source)
        #expect(taken.map(\.handoff) == [handoffs[1], handoffs[2]])
        #expect(plan.sourceLooks.isEmpty)
        let found = plan.findings(pid: 1, epoch: 1)
        #expect(found.observed == [handoffs[0]])
        #expect(found.kept == [handoffs[1], handoffs[2]])
    }

    @Test func `what a target may have by a fork proves no delivery`() throws {
        let (desk, handoffs) = desk(issuing: 1)
        reserve(handoffs[0], desk, counter: 9)
        let next = restarted(desk)
        let source = try #require(next.registry.processes[desk.source]?.identity.instance)
        func observed(_ ancestors: Set<UInt64>?) -> Set<HandoffNumber> {
            var plan = RecoveryPlan([kept(0, .escrow(handoffs[0]))], for: next)
            plan.saw([Desk.cookie], in: desk.target, ancestors: ancestors)
            return plan.findings(pid: 1, epoch: 1).observed
        }
        #expect(observed([1, source]) == [])
        #expect(observed(nil) == [])
        #expect(observed([1, 2]) == [handoffs[0]])
    }

    @Test func `what recovery ends is closed after all that is needed is taken over`() {
        let (desk, handoffs) = desk(issuing: 2)
        reserve(handoffs[0], desk, counter: 9)
        var next = restarted(desk)
        var plan = RecoveryPlan(
            [kept(0, .escrow(handoffs[0])), kept(1, .escrow(handoffs[1]))], for: next)
        plan.saw([Desk.cookie], in: desk.target, ancestors: [])
        next.recover(
            plan.findings(pid: 322, epoch: 7), living: [desk.source, desk.target], at: desk.time)
        plan.settle(for: next.registry)
        #expect(plan.steps == [.adopt(handoffs[1], place: 1), .close(place: 0)])
    }

    @Test func `who is not among the living has exited, and leaves nothing open`() {
        let desk = Desk()
        _ = desk.peer(1, desk.source)
        let handoff = desk.issued()
        var next = restarted(desk)
        next.recover(
            Command.Recovery(pid: 322, epoch: 7, kept: [handoff], observed: []),
            living: [desk.source], statuses: [desk.target: 9], at: desk.time)
        let contents = next.takeBatch().events.map(\.event.content)
        #expect(
            contents == [
                .coordinatorRecovered(
                    Event.Recovered(pid: 322, epoch: 7, held: 1, matched: 1, lost: 0)),
                .processExited(process: desk.target, status: 9),
                .handoffVoided(handoff: handoff, reason: .targetExited),
            ])
        let hasExits = next.hasExits
        #expect(!hasExits)
    }
}

/// What is looked for again: some seconds after a start, and before a delivery is void.
struct SecondLookTests {
    /// A delivery that is not confirmed, and its question.
    private func reserved(
        _ desk: Desk, lifetime: UInt64? = nil
    ) throws -> Coordinator.DeliveryQuestion {
        _ = desk.peer(1, desk.source)
        _ = desk.peer(2, desk.target)
        let handoff = desk.issued(lifetime: lifetime)
        desk.send(Desk.redeem(2, handoff: handoff), from: 2, desk.facts(desk.target))
        _ = desk.settle()
        let question = try #require(desk.coordinator.deliveryQuestions.first)
        #expect(question.handoff == handoff && question.attempt == 1)
        return question
    }

    private func take(_ desk: Desk) -> [Coordinator.DeliveryQuestion] {
        desk.coordinator.takeQuestions(at: desk.now)
    }

    @Test func `what is asked about is not void before the answer, and is asked about once`() throws
    {
        let desk = Desk()
        let question = try reserved(desk, lifetime: 1000)
        #expect(take(desk).isEmpty)
        desk.now += 1000
        #expect(take(desk) == [question])
        desk.coordinator.tick(at: desk.time)
        #expect(take(desk).isEmpty)
        #expect(desk.settle().contents.isEmpty)
        #expect(desk.coordinator.nextTick == nil)
        desk.coordinator.settle([question], observed: [], at: desk.time)
        #expect(
            desk.settle().contents
                == [.handoffVoided(handoff: question.handoff, reason: .unconfirmed)])
    }

    @Test func `what is found is delivered, and a confirm that comes later says nothing new`()
        throws
    {
        let desk = Desk()
        let question = try reserved(desk, lifetime: 1000)
        desk.now += 1000
        #expect(take(desk) == [question])
        desk.coordinator.settle([question], observed: [question.handoff], at: desk.time)
        let (contents, effects) = desk.settle()
        #expect(contents == [.handoffDelivered(handoff: question.handoff, how: .observed)])
        #expect(effects == [.dropEscrow(question.handoff)])
        desk.send(
            .confirm(handoff: question.handoff, attempt: 1, cookie: Desk.cookie), from: 2,
            desk.facts(desk.target))
        #expect(desk.settle().contents.isEmpty)
    }

    @Test func `what was declined in the meantime was not delivered, whatever was found`() throws {
        let desk = Desk()
        let question = try reserved(desk, lifetime: 1000)
        desk.now += 1000
        #expect(take(desk) == [question])
        desk.send(
            .decline(handoff: question.handoff, attempt: 1, reason: .mismatched), from: 2,
            desk.facts(desk.target))
        _ = desk.settle()
        desk.coordinator.settle([question], observed: [question.handoff], at: desk.time)
        #expect(desk.settle().contents.isEmpty)
        desk.coordinator.tick(at: desk.time)
        #expect(desk.settle().contents == [.handoffExpired(handoff: question.handoff)])
    }

    /// A batch that could not be written soon after the start changes nothing of that.
    @Test(arguments: [false, true])
    func `what a predecessor left is asked about once more, some seconds after the start`(
        _ losesBatch: Bool
    ) throws {
        let desk = Desk()
        let question = try reserved(desk)
        var next = Coordinator(registry: desk.coordinator.registry, pid: 322)
        next.recover(
            Command.Recovery(pid: 322, epoch: 7, kept: [question.handoff], observed: []),
            living: [desk.source, desk.target], at: desk.time)
        _ = next.takeBatch()
        if losesBatch { _ = next.discardBatch(restored: next.registry) }
        let early = next.takeQuestions(at: desk.now + 2_999_999)
        #expect(early.isEmpty)
        let nextTick = next.nextTick
        #expect(nextTick == desk.now + 3_000_000)
        let due = next.takeQuestions(at: desk.now + 3_000_000)
        #expect(due == [question])
        next.settle(due, observed: [], at: desk.time)
        // It has no lifetime: it waits for the target to ask again.
        #expect(next.takeBatch().events.isEmpty)
        let later = next.takeQuestions(at: desk.now + 9_000_000)
        #expect(later.isEmpty)
    }

    @Test func `what could not be written is asked about again`() throws {
        let desk = Desk()
        let question = try reserved(desk)
        let restored = desk.coordinator.registry
        #expect(take(desk).isEmpty)
        _ = desk.coordinator.discardBatch(restored: restored)
        #expect(take(desk) == [question])
    }
}
