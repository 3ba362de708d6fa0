import Coordinator
import Registry
import Testing

/// Bounds on connections, of which only the one who exceeds them suffers.
struct ConnectionLimitTests {
    private func limits(_ change: (inout Admission.Limits) -> Void) -> Admission.Limits {
        var limits = Admission.Limits()
        change(&limits)
        return limits
    }

    @Test func `connections are bounded in total`() {
        let desk = Desk(limits: limits { $0.connections = 3 })
        for index in 0..<3 { desk.connect(index, user: UInt32(index)) }
        desk.connect(3, user: 9, isAdmitted: false)
        #expect(desk.coordinator.sessionCount == 3)
        #expect(desk.coordinator.admission.connections == 3)
        desk.coordinator.disconnect(desk.id(1))
        desk.coordinator.disconnect(desk.id(1))
        #expect(desk.coordinator.admission.connections == 2)
        desk.connect(3, user: 9)
        desk.connect(1, user: 9, isAdmitted: false)
    }

    @Test func `connections of one user are bounded, and others still connect`() {
        let desk = Desk(limits: limits { $0.connectionsPerUser = 2 })
        desk.connect(0, user: 1)
        desk.connect(1, user: 1)
        desk.connect(2, user: 1, isAdmitted: false)
        desk.connect(2, user: 2)
        desk.coordinator.disconnect(desk.id(0))
        desk.connect(0, user: 1)
        desk.connect(3, user: 1, isAdmitted: false)
    }

    @Test func `the last connections are for root and the coordinator's own user`() {
        let desk = Desk(
            limits: limits { $0.connections = 12 }.reserving(3), uid: 70)
        for index in 0..<9 { desk.connect(index, user: UInt32(1000 + index)) }
        desk.connect(9, user: 2000, isAdmitted: false)
        desk.connect(9, user: 0)
        desk.connect(10, user: 70)
        desk.connect(11, user: 0)
        desk.connect(12, user: 0, isAdmitted: false)
        // A reserve of all would leave nothing to the others.
        let greedy = Desk(limits: limits { $0.connections = 4 }.reserving(4))
        for index in 0..<3 { greedy.connect(index) }
        greedy.connect(3, isAdmitted: false)
    }

    @Test func `what root has of the reserve is not missing to the others`() {
        let desk = Desk(limits: limits { $0.connections = 12 }.reserving(3))
        for index in 0..<2 { desk.connect(index, user: 0) }
        for index in 2..<11 { desk.connect(index, user: 1) }
        desk.connect(11, user: 2, isAdmitted: false)
        #expect(desk.coordinator.connectionToGiveUp(for: 2) == desk.id(2))
        desk.coordinator.disconnect(desk.id(2))
        desk.connect(2, user: 2)
        desk.connect(11, user: 0)
        desk.coordinator.disconnect(desk.id(3))
        desk.connect(3, user: 0)
        desk.connect(12, user: 2, isAdmitted: false)
    }

    @Test func `who has most connections gives one to who has at least two fewer`() {
        let desk = Desk(limits: limits { $0.connections = 6 }.reserving(1))
        for index in 0..<3 { desk.connect(index, user: 1) }
        for index in 3..<5 { desk.connect(index, user: 2) }
        desk.send(Desk.startup(), from: 0, desk.facts(desk.source))
        #expect(desk.coordinator.connectionToGiveUp(for: 2) == nil)
        desk.connect(5, user: 3, isAdmitted: false)
        #expect(desk.coordinator.connectionToGiveUp(for: 3) == desk.id(1), "oldest and silent")
        for index in 1..<3 {
            desk.send(Desk.startup(), from: index, desk.facts(desk.source))
        }
        #expect(desk.coordinator.connectionToGiveUp(for: 3) == desk.id(2), "newest")
        desk.coordinator.disconnect(desk.id(2))
        desk.connect(2, user: 3)
        // Two, two and one: nobody can give without having less than the other then.
        #expect(desk.coordinator.connectionToGiveUp(for: 3) == nil)
        #expect(desk.coordinator.connectionToGiveUp(for: 4) == desk.id(1))
        // Root's are never taken.
        let root = Desk(limits: limits { $0.connections = 2 }.reserving(1))
        for index in 0..<2 { root.connect(index, user: 0) }
        #expect(root.coordinator.connectionToGiveUp(for: 5) == nil)
    }

    @Test func `root has a connection though it has used up the reserve`() {
        let desk = Desk(
            limits: limits {
                $0.connections = 12
                $0.connectionsPerUser = 5
            }.reserving(3))
        for index in 0..<3 { desk.connect(index, user: 0) }
        for index in 3..<12 { desk.connect(index, user: UInt32(index / 3)) }
        desk.connect(12, user: 9, isAdmitted: false)
        #expect(desk.coordinator.connectionToGiveUp(for: 9) == desk.id(3))
        for index in 3..<5 {
            desk.connect(12, user: 0, isAdmitted: false)
            #expect(desk.coordinator.connectionToGiveUp(for: 0) != nil, "who has no more than it")
            desk.coordinator.disconnect(desk.id(index))
            desk.connect(index, user: 0)
        }
        #expect(desk.coordinator.connectionToGiveUp(for: 0) == nil, "it has what a user may have")
    }
}

extension Admission.Limits {
    fileprivate func reserving(_ count: Int) -> Self {
        var limits = self
        limits.connectionsReserved = count
        return limits
    }
}
