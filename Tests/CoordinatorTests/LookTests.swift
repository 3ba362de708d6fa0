import Coordinator
import Registry
import Testing
import Wire

/// What follows from the end of a socket, and from a look at the host, whoever takes it.
struct LookTests {
    /// Whatever a test says can be seen.
    private struct View: HostView {
        var isListed: Bool?
        var having: Set<Int32> = []
        var sight = Sight.seen
        var unreadableCount = 0

        func lists(_ socket: SocketIdentity) -> Bool? { isListed }
        func pids(having socket: SocketIdentity) -> Set<Int32> { having }
        func sight(of process: Tracked.Process) -> Sight { sight }
    }

    /// A desk at which the source has a descriptor of the socket, whose end the kernel tells, or
    /// does not.
    private func desk(isTold: Bool = true) -> Desk {
        var rules = Rules()
        rules.ends = isTold ? Ends(networkNamespace: 0, internet: true, unix: true) : nil
        let desk = Desk(rules: rules)
        desk.perform(
            .observeSocket(
                SocketIdentity(
                    cookie: Desk.cookie, inode: 5, networkNamespace: 0, family: 2, type: 1,
                    protocolNumber: 6)))
        _ = desk.peer(1, desk.source)
        _ = desk.peer(2, desk.target)
        let handoff = desk.issued()
        desk.send(Desk.revoke(3, handoff: handoff), from: 1, desk.facts(desk.source))
        _ = desk.settle()
        return desk
    }

    /// The target gets a descriptor of the socket.
    private func deliver(_ desk: Desk, counter: UInt64) {
        let handoff = desk.issued(counter: counter)
        let target = desk.facts(desk.target)
        desk.send(Desk.redeem(counter, handoff: handoff), from: 2, target)
        desk.send(.confirm(handoff: handoff, attempt: 1, cookie: Desk.cookie), from: 2, target)
        _ = desk.settle()
    }

    private func look(
        _ desk: Desk, _ view: View, unheardBelow: SocketNumber = 0
    ) -> Findings {
        let tracked = Tracked(
            by: desk.coordinator,
            Tracked.Circumstances(
                escrow: [], unheardBelow: unheardBelow,
                ends: desk.coordinator.registry.rules.ends, seesAll: true))
        var found = Findings(of: tracked)
        found.compare(tracked, with: view)
        return found
    }

    private func holder(_ desk: Desk) -> Command.Holder {
        Command.Holder(process: desk.source, handoffs: [0])
    }

    @Test func `a process that lives without its descriptor has closed it`() {
        let desk = desk()
        let pid: Int32 = 21
        #expect(look(desk, View(isListed: true, having: [pid])).closings.isEmpty)
        #expect(look(desk, View(isListed: true, sight: .unseen)).closings.isEmpty)
        #expect(look(desk, View(isListed: true, sight: .ended)).closings.isEmpty)
        let closings = look(desk, View(isListed: true)).closings
        #expect(
            closings == [
                Command.Closings(socket: desk.socket, closed: [holder(desk)], released: nil)
            ])
    }

    @Test func `that a socket is in no list proves its end only where that was not heard`() {
        let desk = desk()
        func proof(_ view: View, unheardBelow: SocketNumber) -> ReleaseProof? {
            look(desk, view, unheardBelow: unheardBelow).closings.first?.released
        }
        #expect(proof(View(isListed: false), unheardBelow: 0) == nil)
        #expect(proof(View(isListed: false), unheardBelow: .max) == .observed)
        #expect(proof(View(isListed: nil), unheardBelow: .max) == nil)
        let unreadable = View(isListed: false, unreadableCount: 1)
        #expect(proof(unreadable, unheardBelow: .max) == .counted)
        #expect(proof(View(isListed: false, sight: .unseen), unheardBelow: .max) == nil)
        #expect(proof(View(isListed: false, having: [99]), unheardBelow: .max) == nil)
    }

    @Test func `a release that the closings bring about is among those of the look`() {
        let desk = desk(isTold: false)
        let found = look(desk, View(isListed: nil))
        #expect(found.closed == 1 && found.released == 1)
        var (looks, ends) = (Looks(), PendingEnds())
        looks.ask(4, from: desk.id(1))
        let begins = looks.begin(at: desk.now)
        #expect(begins)
        looks.take(found, to: &desk.coordinator, at: desk.time)
        looks.write(1, to: &desk.coordinator, &ends, at: desk.time)
        #expect(
            desk.settle().contents == [
                .reconcileFound(found: "reason=request \(found.text)"),
                .descriptorClosed(process: desk.source, socket: desk.socket, how: .observed),
                .socketReleased(socket: desk.socket, how: .counted),
            ])
    }

    @Test func `a socket that a stranger was seen to have is not counted as released`() {
        let desk = desk(isTold: false)
        let found = look(desk, View(isListed: nil, having: [99]))
        #expect(found.closings.isEmpty && found.closed == 0 && found.released == 0)
        // Where the kernel will tell, the close can be said by itself.
        let told = look(self.desk(), View(isListed: true, having: [99]))
        #expect(told.closed == 1 && told.released == 0)
    }

    @Test func `an end is written after a while, and again when that was not written`() {
        let desk = desk()
        let before = desk.coordinator.registry
        var ends = PendingEnds()
        ends.note(Desk.cookie, in: desk.coordinator, at: desk.now)
        ends.note(12345, in: desk.coordinator, at: desk.now)
        #expect(ends.sockets == [desk.socket])
        _ = ends.write(to: &desk.coordinator, at: desk.time)
        #expect(desk.coordinator.events.isEmpty, "a close that is told may still come")
        desk.now += PendingEnds.graceMicroseconds
        _ = ends.write(to: &desk.coordinator, at: desk.time)
        let released = Event.Content.socketReleased(socket: desk.socket, how: .kernel)
        #expect(desk.coordinator.events.map(\.event.content).last == released)
        #expect(ends.next == nil)
        let discarded = desk.coordinator.events.map(\.event)
        _ = desk.coordinator.discardBatch(restored: before)
        ends.takeBack(discarded, in: desk.coordinator, due: desk.now + 5)
        #expect(ends.next == desk.now + 5)
        desk.now += 5
        _ = ends.write(to: &desk.coordinator, at: desk.time)
        #expect(desk.settle().contents.last == released)
    }

    @Test func `a look that has found nothing is written for who asked, and after an overflow`() {
        let desk = desk()
        var (looks, ends) = (Looks(pauseMicroseconds: 10), PendingEnds())
        let nothing = look(desk, View(isListed: true, having: [21]))
        func take() -> [Event.Content] {
            let begins = looks.begin(at: desk.now)
            #expect(begins)
            looks.take(nothing, to: &desk.coordinator, at: desk.time)
            looks.write(1, to: &desk.coordinator, &ends, at: desk.time)
            return desk.settle().contents
        }
        looks.want(.start)
        #expect(take().isEmpty)
        looks.want(.overflow)
        #expect(looks.next == desk.now + 10)
        desk.now += 10
        #expect(take() == [.reconcileFound(found: "reason=overflow \(nothing.text)")])
        looks.ask(4, from: desk.id(1))
        #expect(take() == [.reconcileFound(found: "reason=request \(nothing.text)")])
        desk.coordinator.isStoreFull = true
        looks.want(.overflow)
        desk.now += 10
        #expect(take().isEmpty, "words can be made to overflow for ever")
        #expect(looks.count == 4)
    }

    @Test func `a look under a batch that was not written is taken again, and then answers`() {
        let desk = desk()
        var (looks, ends) = (Looks(), PendingEnds())
        let found = look(desk, View(isListed: true))
        looks.ask(4, from: desk.id(1))
        looks.ask(5, from: desk.id(1))
        let begins = looks.begin(at: desk.now)
        #expect(begins && looks.next == nil)
        looks.takeBack([])
        looks.take(found, to: &desk.coordinator, at: desk.time)
        #expect(desk.coordinator.events.isEmpty, "what it knew is no longer so")
        let beginsAgain = looks.begin(at: desk.now)
        #expect(beginsAgain)
        looks.take(found, to: &desk.coordinator, at: desk.time)
        looks.write(1, to: &desk.coordinator, &ends, at: desk.time)
        let (contents, effects) = desk.settle()
        #expect(contents.contains(.reconcileFound(found: "reason=request \(found.text)")))
        let answered = effects.compactMap { effect -> UInt64? in
            guard case .answer(_, let answer) = effect else { return nil }
            return answer.counter
        }
        #expect(answered == [4, 5])
    }

    @Test(arguments: [false, true])
    func `a look counts what it closes, and says nothing of who has got a descriptor since`(
        isGotten: Bool
    ) {
        let desk = desk()
        var (looks, ends) = (Looks(pauseMicroseconds: 0), PendingEnds())
        func written(_ found: Findings) -> [Event.Content] {
            looks.want(.start)
            let begins = looks.begin(at: desk.now)
            #expect(begins)
            looks.take(found, to: &desk.coordinator, at: desk.time)
            looks.write(1, to: &desk.coordinator, &ends, at: desk.time)
            return desk.settle().contents
        }
        func text(descriptors: Int, closed: Int, released: Int) -> String {
            "reason=start sockets=1 descriptors=\(descriptors) closed=\(closed) "
                + "released=\(released) unseen=0 unreadable=0"
        }
        let found = look(desk, View(isListed: false), unheardBelow: .max)
        #expect(found.closed == 1 && found.released == 1)
        if isGotten { deliver(desk, counter: 5) }
        let close = Command.Close(actor: desk.source, cookie: Desk.cookie, how: .closesocket)
        desk.perform(.close(close))
        _ = desk.settle()
        let released = Event.Content.socketReleased(socket: desk.socket, how: .observed)
        let first = text(descriptors: 1, closed: 0, released: isGotten ? 0 : 1)
        #expect(
            written(found) == [.reconcileFound(found: first)] + (isGotten ? [] : [released]))
        guard isGotten else { return }
        // Of the one that the target has got since, that look has not seen whether it is there.
        desk.now += PendingEnds.graceMicroseconds
        let wantsLook = ends.write(to: &desk.coordinator, at: desk.time)
        #expect(wantsLook && ends.next == nil)
        #expect(
            written(look(desk, View(isListed: false), unheardBelow: .max)) == [
                .reconcileFound(found: text(descriptors: 1, closed: 1, released: 1)),
                .descriptorClosed(process: desk.target, socket: desk.socket, how: .observed),
                released,
            ])
    }

    @Test(arguments: [true, false])
    func `more descriptors than a portion are closed in several`(isProved: Bool) {
        let desk = desk(isTold: isProved)
        for count in 0..<UInt64(Limits.drainPortion + 44) { deliver(desk, counter: 10 + count) }
        let found = look(desk, View(isListed: isProved ? false : nil), unheardBelow: .max)
        #expect(found.closed == Limits.drainPortion + 45 && found.released == 1)
        var (looks, ends) = (Looks(), PendingEnds())
        looks.ask(4, from: desk.id(1))
        let begins = looks.begin(at: desk.now)
        #expect(begins)
        looks.take(found, to: &desk.coordinator, at: desk.time)
        var (portions, answers): ([Int], [Int]) = ([], [])
        for _ in 0..<4 where looks.next == 0 {
            looks.write(1, to: &desk.coordinator, &ends, at: desk.time)
            let (contents, effects) = desk.settle()
            portions.append(contents.count)
            answers.append(effects.count)
        }
        // What was found comes first, and the release last; then whoever asked is answered.
        #expect(portions == [1 + Limits.drainPortion, 45 + 1])
        #expect(answers == [0, 1])
        #expect(desk.coordinator.registry.sockets[desk.socket] == nil && ends.next == nil)
    }
}
