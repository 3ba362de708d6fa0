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
