internal import Registry
internal import Transport
internal import Winsock
internal import Wire

extension Session {
    mutating func duplicate(
        _ socket: BorrowedDescriptor, for target: Target, _ options: DuplicateOptions
    ) throws(BatonError) -> ProtocolInfo {
        let lifetime = try options.lifetimeMicroseconds()
        let pid: Int64
        let hasPidfd: Bool
        let passing: Passing
        switch target {
        case .process(let number):
            (pid, hasPidfd) = (Int64(number), false)
            passing = .socket(socket)
        case .pidfd(let number):
            (pid, hasPidfd) = (0, true)
            passing = .socketAndProcess(socket, BorrowedDescriptor(number))
        }
        let reply = try exchange(passing: passing) { counter, watermark, frame in
            Request.encode(
                Request.Duplicate(
                    counter: counter, watermark: watermark, pid: pid, hasPidfd: hasPidfd,
                    form: options.form, flags: options.flags.rawValue, lifetime: lifetime),
                into: &frame)
        }
        guard case .record(_, _, let bytes) = reply.content else {
            throw unexpected(reply.content)
        }
        do throws(ProtocolInfoError) {
            return try ProtocolInfo(bytes)
        } catch {
            disconnect()
            throw .protocolViolation("the coordinator sent no protocol info: \(error)")
        }
    }

    /// How often a descriptor that was lost on the way is asked for.
    static let openAttemptCountMaximum = 3

    mutating func open(record: [UInt8], _ options: OpenOptions) throws(BatonError) -> Socket {
        try Self.checkLength(of: options.program ?? "", "the program's name")
        let record = Array(record.prefix(Request.recordByteCountMaximum))
        var last: UInt64 = 0
        for _ in 0..<Self.openAttemptCountMaximum {
            var reply = try exchange { counter, watermark, frame in
                Request.encodeRedeem(
                    counter: counter, watermark: watermark, flags: options.flags.rawValue,
                    record: record, program: options.program, into: &frame)
            }
            guard case .grant(let handoff, let attempt, let notes) = reply.content else {
                throw unexpected(reply.content)
            }
            if !reply.isControlTruncated, let descriptor = reply.descriptor.take() {
                return try accept(
                    descriptor, handoff: handoff, attempt: attempt,
                    notes: OpenNotes(rawValue: notes.rawValue))
            }
            // The sender does not know that its descriptor was lost; a request of a new id makes it
            // send again.
            decline(handoff: handoff, attempt: attempt, reason: .truncated)
            last = handoff
        }
        throw .noDescriptorLeft(handoff: last)
    }

    /// Confirms what was received, by the cookie of what was really received.
    private mutating func accept(
        _ descriptor: consuming Descriptor, handoff: UInt64, attempt: UInt32, notes: OpenNotes
    ) throws(BatonError) -> Socket {
        guard !confirms.contains(handoff: handoff) else {
            // This delivery has its descriptor already, in an earlier call: this one is closed.
            let refusal = Refusal.alreadyDelivered
            throw .refused(refusal, code: refusal.code, handoff: handoff)
        }
        let cookie: UInt64
        do throws(Errno) {
            cookie = try Sockets.cookie(of: descriptor)
        } catch {
            decline(handoff: handoff, attempt: attempt, reason: .mismatched)
            throw .protocolViolation("the coordinator granted what is no socket: \(error)")
        }
        confirm(handoff: handoff, attempt: attempt, cookie: cookie)
        return Socket(descriptor, cookie: cookie, handoff: handoff, notes: notes)
    }

    mutating func revoke(handoff: UInt64, reason: String?) throws(BatonError) {
        let text = reason ?? ""
        try Self.checkLength(of: text, "the reason")
        let reply = try exchange { counter, watermark, frame in
            Request.encodeRevoke(
                counter: counter, watermark: watermark, handoff: handoff, text: text, into: &frame)
        }
        guard case .done = reply.content else { throw unexpected(reply.content) }
    }

    mutating func mark(_ socket: BorrowedDescriptor, text: String) throws(BatonError) {
        try Self.checkLength(of: text, "the mark")
        let reply = try exchange(passing: .socket(socket)) { counter, watermark, frame in
            Request.encodeMark(counter: counter, watermark: watermark, quality: text, into: &frame)
        }
        guard case .done = reply.content else { throw unexpected(reply.content) }
    }

    mutating func status() throws(BatonError) -> String {
        let reply = try exchange { counter, _, frame in
            Request.encodeStatus(counter: counter, into: &frame)
        }
        guard case .report(let text) = reply.content else { throw unexpected(reply.content) }
        return text
    }

    mutating func receipt(of handoff: HandoffNumber) throws(BatonError) -> String {
        let reply = try exchange { counter, _, frame in
            Request.encodeReceipt(counter: counter, handoff: handoff, into: &frame)
        }
        guard case .report(let text) = reply.content else { throw unexpected(reply.content) }
        return text
    }

    mutating func reconcile() throws(BatonError) -> String {
        let reply = try exchange { counter, _, frame in
            Request.encodeReconcile(counter: counter, into: &frame)
        }
        guard case .report(let text) = reply.content else { throw unexpected(reply.content) }
        return text
    }

    /// An answer that is not the wanted one is a refusal, or does not fit the question.
    mutating func unexpected(_ content: Answer.Content) -> BatonError {
        if case .refusal(let reason, let code, let handoff) = content {
            return .refused(reason, code: code, handoff: handoff)
        }
        disconnect()
        return .protocolViolation("the answer does not fit the question")
    }

    private static func checkLength(of text: String, _ what: String) throws(BatonError) {
        guard text.utf8.count <= Limits.textByteCount else { throw .textTooLong(what) }
    }
}
