import Registry
import Testing
import Winsock

/// What holds in every history, whatever is asked and in whatever order.
struct RandomHistoryTests {
    /// How each handoff went, by its events alone.
    private struct Life {
        var target: ProcessNumber
        var isReserved = false
        var ends = 0
        var deliveries = 0
    }

    /// Who is told of each socket's events, by the events alone.
    private struct Registrations {
        private var holders: [SocketNumber: (process: ProcessNumber, mask: UInt32)] = [:]

        mutating func take(_ content: Event.Content) {
            switch content {
            case .notificationSelected(let actor, let socket, let mask):
                #expect(holders[socket] == nil, "the earlier one was cancelled first")
                #expect(mask != 0)
                holders[socket] = (actor, mask)
            case .notificationCancelled(let actor, let socket, let mask, _):
                #expect(holders[socket]?.process == actor)
                #expect(holders[socket]?.mask == mask)
                holders[socket] = nil
            case .socketReleased(let socket, _):
                #expect(holders[socket] == nil, "a release comes after the cancellation")
            default: break
            }
        }
    }

    private func check(_ events: [Event]) {
        var lives: [HandoffNumber: Life] = [:]
        var registrations = Registrations()
        for (index, event) in events.enumerated() {
            #expect(event.sequence == UInt64(index))
            if let cause = event.cause { #expect(cause < event.sequence) }
            registrations.take(event.content)
            switch event.content {
            case .handoffIssued(let issued):
                lives[event.sequence] = Life(target: issued.target)
            case .handoffReserved(let reserved):
                #expect(lives[reserved.handoff]?.target == reserved.actor)
                #expect(lives[reserved.handoff]?.ends == 0)
                lives[reserved.handoff]?.isReserved = true
            case .deliveryFailed(let handoff, _):
                #expect(lives[handoff]?.isReserved == true)
                lives[handoff]?.isReserved = false
            case .handoffDelivered(let handoff, _):
                #expect(lives[handoff]?.isReserved == true)
                lives[handoff]?.deliveries += 1
                lives[handoff]?.ends += 1
            case .handoffRevoked(let revoked):
                #expect(lives[revoked.handoff]?.isReserved == false)
                lives[revoked.handoff]?.ends += 1
            case .handoffExpired(let handoff):
                #expect(lives[handoff]?.isReserved == false)
                lives[handoff]?.ends += 1
            case .handoffVoided(let handoff, _):
                lives[handoff]?.ends += 1
            default: break
            }
        }
        #expect(lives.values.allSatisfy { $0.deliveries <= 1 && $0.ends <= 1 })
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `promises hold in random histories, and a seed gives the same history again`(
        seed: UInt64
    ) {
        print("seed \(seed)")
        var history = RandomHistory(seed: seed)
        history.run(2000)
        check(history.world.events)
        history.world.checkReplay()
        var again = RandomHistory(seed: seed)
        again.run(2000)
        #expect(again.world.events == history.world.events)
        #expect(again.world.registry.snapshot() == history.world.registry.snapshot())
    }

    @Test func `the histories see every ending, refusal and release that they can`() {
        var refusals: Set<Refusal> = []
        var ends: Set<String> = []
        for seed in 1...6 as ClosedRange<UInt64> {
            print("seed \(seed)")
            var history = RandomHistory(seed: seed)
            history.run(2000)
            for event in history.world.events {
                switch event.content {
                case .handoffRefused(let refused): refusals.insert(refused.reason)
                case .redemptionRefused(let refused): refusals.insert(refused.reason)
                case .requestRefused(let refused): refusals.insert(refused.reason)
                case .handoffDelivered(_, let how): ends.insert("delivered \(how)")
                case .handoffVoided(_, let reason): ends.insert("voided \(reason)")
                case .handoffExpired: ends.insert("expired")
                case .handoffRevoked: ends.insert("revoked")
                case .socketReleased: ends.insert("released")
                case .notificationCancelled(let actor, _, _, let by):
                    ends.insert(actor == by ? "cancelled by itself" : "cancelled by another")
                default: break
                }
            }
        }
        #expect(
            ends == [
                "cancelled by itself", "cancelled by another", "delivered confirmed",
                "delivered observed", "voided unconfirmed",
                "voided targetExited", "voided escrowLost", "expired", "revoked", "released",
            ])
        let expected: Set<Refusal> = [
            .notASocket, .noSuchProcess, .targetExited, .notPermitted, .invalidLifetime,
            .tooManyHandoffs, .tooManyForUser, .tooManyClients, .alteredRecord, .forged, .used,
            .expired, .revoked, .voided, .escrowLost, .wrongProcess, .ended, .requestDiffers,
            .requestStale, .foreignSender, .cookieDiffers, .notReserved, .inDelivery, .notOwner,
            .unknownHandoff, .unknownSocket, .flagsDiffer, .overlappedMissing,
            .tooManyRegistrations,
        ]
        #expect(expected.subtracting(refusals).isEmpty)
    }
}
