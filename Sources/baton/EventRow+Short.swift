import Journal
import Registry
import Transport
import Winsock

extension EventRow {
    /// The longest name of an event, so that what follows is aligned.
    private static let kindWidth = EventKind.allCases.map(\.name.count).max() ?? 0

    /// One line for a person. `numberWidth` is that of the largest number that will be printed.
    func shortLine(numberWidth: Int) throws(CommandFailure) -> String {
        let number = PrintableText.padded("#\(stored.sequence)", to: numberWidth + 1)
        return "\(number) \(timeText) \(try textLine())"
    }

    /// The same without number and time.
    func textLine() throws(CommandFailure) -> String {
        let kind = PrintableText.padded(stored.kind.name, to: Self.kindWidth)
        return ([kind] + (try words())).joined(separator: "  ")
    }

    private func words() throws(CommandFailure) -> [String] {
        do throws(BodyError) {
            return words(try DecodedEvent(stored.body).event.content).compactMap { $0 }
        } catch {
            throw CommandFailure(
                status: .damaged, message: "event \(stored.sequence) cannot be read: \(error)",
                hint: "restore the database from a backup; it was not changed")
        }
    }

    // What is nil is left out.
    private func words(_ content: Event.Content) -> [String?] {
        switch content {
        case .handoffIssued(let issued):
            [
                transfer, socket?.text, flags(issued.flags), issued.form == .ansi ? "form A" : nil,
                issued.lifetime.map { "ttl \(Self.seconds($0)) s" },
            ]
        case .handoffRefused(let refused): [transfer, socket?.text, refusal(refused.reason)]
        case .handoffReserved(let reserved):
            [
                handoffText, process?.text, socket?.text, "attempt \(reserved.attempt)",
                flags(reserved.flags),
                reserved.program.map { "program \(PrintableText.escaped($0))" },
            ]
        case .redemptionRefused(let refused):
            [handoffText, meeting, socket?.text, refusal(refused.reason)]
        case .handoffDelivered(_, let how): [handoffText, transfer, socket?.text, how.rawValue]
        case .deliveryFailed(_, let reason):
            [handoffText, transfer, socket?.text, reason.rawValue]
        case .handoffVoided(_, let reason): [handoffText, transfer, socket?.text, reason.rawValue]
        case .handoffExpired: [handoffText, transfer, socket?.text]
        case .handoffRevoked(let revoked):
            [
                handoffText, process.map { "by \($0.text)" }, socket?.text,
                revoked.text.map { "“\(PrintableText.escaped($0))”" },
            ]
        case .descriptorClosed(_, _, let how): [process?.text, socket?.text, how.rawValue]
        case .socketReleased(_, let how): [socket?.text, how.rawValue]
        case .requestRefused(let refused):
            [
                refused.what.rawValue, handoff.map { "handoff #\($0)" },
                process?.text ?? refused.pid.map { "pid \($0)" },
                process == nil ? refused.uid.map { "uid \(reading.user($0))" } : nil,
                refusal(refused.reason),
            ]
        default: rareWords(content)
        }
    }

    private func rareWords(_ content: Event.Content) -> [String?] {
        switch content {
        case .processSeen(let identity):
            [
                process?.text ?? "pid \(identity.pid)",
                process?.executable.map { PrintableText.escaped($0) },
                "uid \(reading.user(identity.uid))",
                identity.effectiveUID == identity.uid
                    ? nil : "euid \(reading.user(identity.effectiveUID))",
                identity.effectiveGID == identity.gid ? nil : "egid \(identity.effectiveGID)",
                identity.grade.rawValue,
            ]
        case .processExited(_, let status): [process?.text, Self.ending(status)]
        case .socketSeen(let identity): [socket?.text, "inode \(identity.inode)"]
        case .socketMarked(_, _, let quality):
            [process?.text, socket?.text, PrintableText.escaped(quality)]
        case .requestsSuppressed(let suppressed):
            [
                "uid \(reading.user(suppressed.uid))", "\(suppressed.count) requests",
                refusal(suppressed.reason),
            ]
        case .notificationSelected(_, _, let mask):
            [process?.text, socket?.text, "mask \(Self.hexadecimal(mask))"]
        case .notificationCancelled(_, _, let mask, let by):
            [
                process?.text, socket?.text, "mask \(Self.hexadecimal(mask))",
                "by process #\(by)",
            ]
        default: serviceWords(content)
        }
    }

    // Of the log, the coordinator and the host.
    private func serviceWords(_ content: Event.Content) -> [String?] {
        switch content {
        case .logOpened(let log), .logClosed(let log):
            [
                PrintableText.escaped(log.origin), PrintableText.escaped(log.program),
                "schema \(log.schema)",
                log.previousOrigin.map { "continues \(PrintableText.escaped($0))" },
            ]
        case .bootObserved(let boot):
            [
                "boot \(PrintableText.escaped(boot.id))",
                "Linux \(PrintableText.escaped(boot.kernel))",
                boot.grade.rawValue,
                PrintableText.escaped(boot.features.joined(separator: " ")),
            ]
        case .clockStepped(let by): ["by \(by) microseconds"]
        case .coordinatorStarted(let pid, let epoch), .coordinatorStopped(let pid, let epoch):
            ["pid \(pid)", "epoch \(epoch)"]
        case .coordinatorRecovered(let found):
            [
                "pid \(found.pid)", "epoch \(found.epoch)", "\(found.held) open",
                "\(found.matched) found", "\(found.lost) lost",
            ]
        case .configurationChanged(let digest, _): [PrintableText.escaped(digest)]
        case .reconcileFound(let found), .keeperLost(let found), .storeFull(let found):
            [PrintableText.escaped(found)]
        case .keyRotated(let key): [PrintableText.escaped(key)]
        case .retentionPruned(let from, let to, _): ["#\(from) to #\(to)"]
        case .redactionApplied(let of, let field):
            ["\(PrintableText.escaped(field)) of #\(of)"]
        default: []
        }
    }

    // MARK: - Parts of a line

    private var handoffText: String? { handoff.map { "handoff #\($0)" } }

    /// From the one process to the other.
    private var transfer: String? {
        let end = target?.text ?? askedPID.map { "pid \($0)" }
        switch (process?.text, end) {
        case (let start?, let end?): return "\(start) → \(end)"
        case (let one?, nil), (nil, let one?): return one
        case (nil, nil): return nil
        }
    }

    /// Who presented a ticket, and whose it is.
    private var meeting: String? {
        guard let target, target.number != process?.number else { return process?.text }
        return [process?.text, "not \(target.text)"].compactMap { $0 }.joined(separator: ", ")
    }

    private func refusal(_ reason: Refusal) -> String {
        "refused: \(reason.name) (\(reason.code.name) \(reason.code.rawValue))"
    }

    private func flags(_ raw: UInt32) -> String { "flags \(SocketFlags(rawValue: raw).text)" }

    private static func ending(_ status: Int32?) -> String {
        switch status.flatMap({ ExitStatus(rawStatus: $0) }) {
        case .code(let code): "exit status \(code)"
        case .signal(let signal): "killed by signal \(signal)"
        case nil: "exit status unknown"
        }
    }

    private static func hexadecimal(_ value: UInt32) -> String { "0x" + String(value, radix: 16) }

    /// Microseconds as seconds, without digits that say nothing.
    static func seconds(_ microseconds: UInt64) -> String {
        let (whole, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        guard rest > 0 else { return "\(whole)" }
        var digits = String(repeating: "0", count: 6 - "\(rest)".count) + "\(rest)"
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}
