import Coordinator
import Daemon
import Registry
import TestSupport
import Testing
import Transport
import Winsock
import Wire

// One after the other with the rest: all of them count the descriptors of this process.
extension MutationTests {
    /// Changed frames and records, with descriptors or without, sent to a coordinator that runs:
    /// each is answered, acknowledged, refused in the log, or its connection dropped and that
    /// counted; no descriptor stays, and nothing is granted that should not be.
    @Suite struct LiveMutationTests {
        /// A few thousand, and more in proportion where more are asked for.
        private static let frameCount = Corpus.caseCount / 66

        /// What a coordinator tells of itself is counted from here on.
        private func baseline(_ client: LiveClient) throws -> (descriptors: Int, processes: Int) {
            // The first of these make the coordinator watch this process, and its threads start.
            let reconcile = client.frame { Request.encodeReconcile(counter: $0, into: &$1) }
            _ = try client.exchange(Array(repeating: 0, count: 16), descriptors: 3)
            _ = try client.exchange(reconcile, descriptors: 0)
            try Waiting.untilSteady()
            return (try HostFacts.openDescriptorCount(), try processes(client))
        }

        private func processes(_ client: LiveClient) throws -> Int {
            try #require(Int(try client.status()["processes"] ?? ""))
        }

        /// All that came was closed. Of each process that a handoff named there is a handle.
        private func expectNoDescriptorMore(
            than baseline: (descriptors: Int, processes: Int), _ client: LiveClient
        ) throws {
            try Waiting.until("no descriptor stays") {
                let more = try processes(client) - baseline.processes
                return try HostFacts.openDescriptorCount() == baseline.descriptors + more
            }
        }

        // MARK: - Frames

        @Test func `a coordinator outlives changed frames, and each is accounted for`() async throws
        {
            let coordinator = try await LiveCoordinator.start("frames") {
                $0.admission.refusalsPerSecond = 1_000_000
                $0.admission.refusalsPerSecondOfAll = 1_000_000
            }
            let client = try LiveClient(coordinator.socketPath)
            let start = try baseline(client)
            var account = Account()
            // As the baseline's first frame was.
            account.refuse(.malformedRequest, counter: 0)
            let seeds = try Corpus.hexadecimal("requests.hex") + Self.ownSeeds
            let mutator = Mutator(
                seeds: seeds, byteCountMaximum: Frame.byteCountMaximum + 1,
                repair: MutationTests.setByteCount)
            let roles: [Request.Startup.Role] = [.peer, .notifications, .peer, .query]
            for number in 0..<Self.frameCount {
                if number % 100 == 99 {
                    try client.reconnect(as: roles[number / 100 % roles.count])
                }
                // Some are good, and only what comes with them is not what they want.
                let isGood = number % 4 == 0
                let frame =
                    isGood ? seeds[number / 4 % seeds.count] : mutator.mutant(UInt64(number))
                let descriptors = number % 50 == 49 ? 253 : [0, 1, 2, 3, 1][number % 5]
                try exchange(client.number(frame), descriptors, client, &account)
            }
            try client.reconnect(as: .peer)
            try expectNoDescriptorMore(than: start, client)
            let log = Account(of: try await coordinator.finish())
            print("frames \(account)")
            #expect(account.refused == log.refused, "each refusal is in the log")
            #expect(
                account.silentlyRefused == log.silentlyRefused, "each of those that nobody is told")
            #expect(account.issued == log.issued && account.revoked == log.revoked)
            #expect(account.selected == log.selected)
            #expect(account.granted == 0 && log.granted == 0 && log.suppressed == 0)
            #expect(account.unreadable > Self.frameCount / 4)
            #expect(account.kinds.count == Self.kindCount, "each kind was sent: \(account.kinds)")
            #expect(account.issued > 0 && account.selected > 0)
            #expect(account.frames == Self.frameCount, "each is accounted for")
        }

        /// Of frames that a client can send.
        private static let kindCount = 13

        /// Frames that do something here: handoffs from this process to itself.
        private static var ownSeeds: [[UInt8]] {
            [false, true].map { hasPidfd in
                var frame: [UInt8] = []
                Request.encode(duplicate(counter: 1, hasPidfd: hasPidfd), into: &frame)
                return frame
            }
        }

        private static func duplicate(
            counter: UInt64, hasPidfd: Bool = false, form: ProtocolInfo.Form = .wide
        ) -> Request.Duplicate {
            Request.Duplicate(
                counter: counter, watermark: 0, pid: hasPidfd ? 0 : Int64(HostFacts.ownPID()),
                hasPidfd: hasPidfd, form: form, flags: SocketFlags.overlapped.rawValue,
                lifetime: nil)
        }

        private func exchange(
            _ frame: [UInt8], _ descriptors: Int, _ client: LiveClient, _ account: inout Account
        ) throws {
            var request: Request?
            do throws(FrameError) {
                request = try Request(frame.span)
            } catch {
                account.unreadable += 1
            }
            if let request { account.kinds.insert("\(request)".prefix { $0 != "(" }.description) }
            account.frames += 1
            let outcome = try client.exchange(frame, descriptors: descriptors)
            switch outcome {
            case .unsent:
                #expect(client.role == .query, "only there the kernel takes none")
                account.unsent += 1
            case .dropped: Issue.record("nobody is dropped here: \(frame)")
            case .ended(.refusal(let reason, _, _)):
                account.refuse(reason, counter: Request.counter(of: frame.span))
            case .ended(let content):
                // Refused as all that brings so much, without an answer where none is wanted.
                #expect(content == nil && Request.counter(of: frame.span) == 0, "\(frame)")
                account.refuse(nil, counter: 0)
            case .silent(let isAcknowledged):
                // Nothing that they name is there, so that each of them is refused.
                account.refuse(nil, counter: 0)
                #expect(isAcknowledged == (request != nil), "\(frame)")
            case .answered(.refusal(let reason, let code, _)):
                #expect(code == reason.code)
                account.refuse(reason, counter: Request.counter(of: frame.span))
            case .answered(.record(let handoff, let isRepeated, _)):
                #expect(!isRepeated)
                account.issued += 1
                if try revoke(handoff, client) {
                    account.revoked += 1
                } else {
                    account.refuse(.expired, counter: client.counter)
                }
            case .answered(.welcome): Issue.record("a connection starts once: \(frame)")
            case .answered(.selected): account.selected += 1
            case .answered(.grant): account.granted += 1
            case .answered(.done), .answered(.report), .answered(.notificationCancelled):
                #expect(request != nil, "\(frame)")
            }
        }

        @Test func `whoever is dropped for what it sends was counted`() async throws {
            let coordinator = try await LiveCoordinator.start("drops") {
                $0.admission.refusalsPerSecond = 5
            }
            let client = try LiveClient(coordinator.socketPath)
            let mutator = Mutator(
                seeds: try Corpus.hexadecimal("requests.hex"),
                byteCountMaximum: Frame.byteCountMaximum + 1, repair: MutationTests.setByteCount)
            var (refused, dropped) = (0, 0)
            for number in 0..<Self.frameCount / 3 {
                let frame = client.number(mutator.mutant(UInt64(number)))
                switch try client.exchange(frame, descriptors: number % 3) {
                case .dropped:
                    dropped += 1
                    try client.reconnect(as: .peer)
                case .silent, .answered(.refusal): refused += 1
                case .answered(.grant), .answered(.welcome), .unsent, .ended:
                    Issue.record("none of these can be here: \(frame)")
                case .answered: break
                }
            }
            let log = Account(of: try await coordinator.finish())
            #expect(refused == log.refusedCount + log.silentlyRefused)
            #expect(dropped == log.suppressed)
            #expect(refused > 0 && dropped > 0)
        }

        // MARK: - Records

        @Test(arguments: ProtocolInfo.Form.allCases)
        func `a genuine record that was changed is refused for what was changed`(
            _ form: ProtocolInfo.Form
        ) async throws {
            let coordinator = try await LiveCoordinator.start("records-\(form.byteCount)") {
                $0.admission.refusalsPerSecond = 1_000_000
                $0.admission.refusalsPerSecondOfAll = 1_000_000
            }
            let client = try LiveClient(coordinator.socketPath)
            let start = try baseline(client)
            let record = try issue(form, client)
            var expected: [Refusal: Int] = [:]
            var frames: [[UInt8]] = []
            var reasons: [Refusal] = []
            for changed in changes(of: record.bytes, form) {
                guard let reason = refusal(of: changed, record.bytes) else { continue }
                expected[reason, default: 0] += 1
                reasons.append(reason)
                frames.append(redeem(changed, client))
                guard frames.count == 32 else { continue }
                try expectRefusals(reasons, try client.exchange(frames))
                (frames, reasons) = ([], [])
            }
            try expectRefusals(reasons, try client.exchange(frames))
            for reason in [Refusal.malformedRecord, .plainRecord, .forged, .alteredRecord] {
                #expect(expected[reason, default: 0] > 0, "\(reason)")
            }
            // Nothing of that has used it up.
            let granted = try client.exchange([redeem(record.bytes, client)])
            #expect(granted == [.grant(handoff: record.handoff, attempt: 1, notes: [])])
            try decline(record.handoff, client)
            #expect(try revoke(record.handoff, client))
            try expectNoDescriptorMore(than: start, client)
            let log = Account(of: try await coordinator.finish())
            #expect(log.refused == expected)
            #expect(log.granted == 1 && log.issued == 1)
        }

        private func issue(
            _ form: ProtocolInfo.Form, _ client: LiveClient
        ) throws -> (handoff: HandoffNumber, bytes: [UInt8]) {
            let frame = client.frame {
                Request.encode(Self.duplicate(counter: $0, form: form), into: &$1)
            }
            let outcome = try client.exchange(frame, descriptors: 1)
            guard case .answered(.record(let handoff, _, let bytes)) = outcome else {
                throw Overdue(what: "a record")
            }
            return (handoff, bytes)
        }

        /// Each bit of the public fields and of the ticket, other lengths, and some at random.
        private func changes(of record: [UInt8], _ form: ProtocolInfo.Form) -> [[UInt8]] {
            var changes: [[UInt8]] = []
            for bit in 0..<116 * 8 {
                var changed = record
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                changes.append(changed)
            }
            let longer = record + [UInt8](repeating: 0, count: 64)
            for count in 0..<longer.count { changes.append(Array(longer.prefix(count))) }
            var plain = record
            for range in [4..<16, 112..<116] {
                for offset in range { plain[offset] = 0 }
            }
            changes.append(plain)
            var mutator = Mutator(seeds: [record], byteCountMaximum: 2000)
            mutator.repair = { bytes in
                bytes += [UInt8](repeating: 0, count: form.byteCount)
                bytes.removeLast(bytes.count - form.byteCount)
            }
            for number in 0..<LiveMutationTests.frameCount / 3 {
                changes.append(mutator.mutant(UInt64(number)))
            }
            return changes
        }

        /// By docs/log.md; nil when it is as good as the record itself: the name at the end means
        /// nothing, and the beginning is the same in both forms.
        private func refusal(of changed: [UInt8], _ record: [UInt8]) -> Refusal? {
            guard ProtocolInfo.Form.allCases.contains(where: { $0.byteCount == changed.count })
            else {
                return .malformedRecord
            }
            guard let ticket = Ticket(record: changed.span) else { return .plainRecord }
            guard ticket == Ticket(record: record.span) else { return .forged }
            return changed.prefix(116) == record.prefix(116) ? nil : .alteredRecord
        }

        private func redeem(_ record: [UInt8], _ client: LiveClient) -> [UInt8] {
            client.frame {
                Request.encodeRedeem(
                    counter: $0, watermark: 0, flags: SocketFlags.overlapped.rawValue,
                    record: record,
                    program: nil, into: &$1)
            }
        }

        private func expectRefusals(_ reasons: [Refusal], _ answers: [Answer.Content]) throws {
            #expect(answers.count == reasons.count)
            for (reason, answer) in zip(reasons, answers) {
                guard case .refusal(let found, let code, _) = answer else {
                    Issue.record("\(answer) instead of \(reason)")
                    continue
                }
                #expect(found == reason && code == .invalidArgument)
            }
        }

        private func decline(_ handoff: HandoffNumber, _ client: LiveClient) throws {
            var frame: [UInt8] = []
            Request.encodeDecline(handoff: handoff, attempt: 1, reason: .truncated, into: &frame)
            _ = try client.exchange(frame, descriptors: 0)
        }

        /// False when its lifetime, which may have been changed, was over before.
        private func revoke(_ handoff: HandoffNumber, _ client: LiveClient) throws -> Bool {
            let frame = client.frame {
                Request.encodeRevoke(
                    counter: $0, watermark: 0, handoff: handoff, text: "", into: &$1)
            }
            switch try client.exchange([frame]).first {
            case .done: return true
            case .refusal(.expired, _, _): return false
            case let other:
                Issue.record("\(String(describing: other))")
                return false
            }
        }
    }
}

/// What became of frames, as their sender knows it or as the log has it.
private struct Account: CustomStringConvertible {
    var frames = 0
    var unreadable = 0
    var unsent = 0
    var kinds: Set<String> = []
    /// Requests that were answered so.
    private(set) var refused: [Refusal: Int] = [:]
    /// Frames that get no answer.
    private(set) var silentlyRefused = 0
    private(set) var suppressed = 0
    var issued = 0
    var revoked = 0
    var selected = 0
    var granted = 0

    var refusedCount: Int { refused.values.reduce(0, +) }

    init() {}

    mutating func refuse(_ reason: Refusal?, counter: UInt64) {
        guard counter != 0, let reason else { return silentlyRefused += 1 }
        refused[reason, default: 0] += 1
    }

    init(of events: [Event]) {
        for event in events {
            switch event.content {
            case .requestRefused(let refused):
                refuse(refused.reason, counter: refused.request?.counter ?? 0)
            case .handoffRefused(let refused): self.refused[refused.reason, default: 0] += 1
            case .redemptionRefused(let refused): self.refused[refused.reason, default: 0] += 1
            case .requestsSuppressed(let suppressed): self.suppressed += Int(suppressed.count)
            case .handoffIssued: issued += 1
            case .handoffRevoked: revoked += 1
            case .notificationSelected: selected += 1
            case .handoffReserved: granted += 1
            default: break
            }
        }
    }

    var description: String {
        let reasons = refused.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\($0.key) \($0.value)" }
        return "\(frames), unreadable \(unreadable), unsent \(unsent), issued \(issued), "
            + "selected \(selected), silent \(silentlyRefused), " + reasons.joined(separator: ", ")
    }
}
