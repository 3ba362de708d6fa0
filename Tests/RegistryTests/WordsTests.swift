import Registry
import Testing
import Winsock

/// The closed lists: numbers and names are each used once and read back.
struct WordsTests {
    private func isClause(_ text: String) -> Bool {
        guard let first = text.first, let last = text.last else { return false }
        return !first.isUppercase && (last.isLetter || last.isNumber || last == ")")
    }

    @Test func `refusals have names, numbers and explanations of their own`() {
        let all = Refusal.allCases
        #expect(Set(all.map(\.rawValue)).count == all.count)
        #expect(Set(all.map(\.name)).count == all.count)
        #expect(Set(all.map(\.explanation)).count == all.count)
        #expect(!all.map(\.rawValue).contains(0))
    }

    @Test(arguments: Refusal.allCases)
    func `a refusal is read back by name and by number, and says what to do`(refusal: Refusal) {
        #expect(Refusal(name: refusal.name) == refusal)
        #expect(Refusal(rawValue: refusal.rawValue) == refusal)
        #expect(WSAError.all.contains(refusal.code))
        #expect(isClause(refusal.explanation), "\(refusal.explanation)")
        #expect(isClause(refusal.advice), "\(refusal.advice)")
        #expect(refusal.name == refusal.name.lowercased())
    }

    @Test(
        arguments: [
            (Refusal.notStarted, 10093), (.notASocket, 10038), (.noSuchProcess, 10022),
            (.used, 10022), (.wrongProcess, 10022), (.tooManyHandoffs, 10055), (.storeFull, 10055),
            (.descriptorLimit, 10024), (.stopping, 10050), (.notOwner, 10013), (.badBuffer, 10014),
            (.tooManyUnread, 10055), (.inFlightLimit, 10055), (.queuedDescriptors, 10022),
            (.socketOccupied, 10036),
        ] as [(Refusal, Int32)])
    func `a refusal has its Winsock code`(refusal: Refusal, code: Int32) {
        #expect(refusal.code.rawValue == code)
    }

    @Test(arguments: ["", "Used", "used ", "unknown", "notStarted"])
    func `a strange name is no refusal, no kind and no outcome`(name: String) {
        #expect(Refusal(name: name) == nil)
        #expect(EventKind(name: name) == nil)
        #expect(Outcome(name: name) == nil)
    }

    @Test func `kinds of events have names and numbers of their own`() {
        let all = EventKind.allCases
        #expect(Set(all.map(\.rawValue)).count == all.count)
        #expect(all.map(\.rawValue) == Array(1...UInt8(all.count)))
        #expect(Set(all.map(\.name)).count == all.count)
    }

    @Test(arguments: EventKind.allCases)
    func `a kind is read back by name and by number`(kind: EventKind) {
        #expect(EventKind(name: kind.name) == kind)
        #expect(EventKind(rawValue: kind.rawValue) == kind)
        #expect(kind.name.split(separator: ".").count == 2)
        #expect(Outcome(name: kind.outcome.name) == kind.outcome)
    }

    @Test func `refusals are refused and ends that nobody asked for are failures`() {
        let refused = EventKind.allCases.filter { $0.outcome == .refused }
        #expect(
            refused == [
                .handoffRefused, .redemptionRefused, .requestRefused, .requestsSuppressed,
            ])
        let failed = EventKind.allCases.filter { $0.outcome == .failed }
        #expect(
            failed == [.deliveryFailed, .handoffExpired, .handoffVoided, .keeperLost, .storeFull])
    }

    @Test func `each way to end is told apart`() {
        let ways: [Ending.How] = [.delivered, .revoked, .expired, .voided, .escrowLost]
        #expect(Set(ways.map(\.refusal)).count == ways.count)
        #expect(ways.map(\.rawValue) == [1, 2, 3, 4, 5])
    }
}
