/// Which process is told of the network events of a socket.
///
/// Winsock: WSAEventSelect, WSAAsyncSelect.
package struct Registration: Sendable, Equatable {
    package var number: RegistrationNumber
    package var process: ProcessNumber
    /// The effective user of the process when it was made, at whom it is counted.
    package var user: UInt32
    /// Winsock: FD_READ and its kin; never 0.
    package var mask: UInt32
}

// A socket has one registration, whichever of its descriptors it was made through. So each new one
// first cancels what was there, and the process that loses it is told. It ends as well with the
// last descriptor of its socket that its process is known to have, by a close or an exit.

extension Registry {
    /// There is no answer to remember: who asks again, not having had the answer, selects again.
    func decide(_ select: Command.Select) -> Decision {
        let seen: SocketNumber? =
            if case .socket(let number) = select.socket { number } else { nil }
        do throws(Refusal) {
            if case .refused(let refusal)? = earlierAnswer(
                to: select.request, content: 0, from: select.actor)
            {
                throw refusal
            }
            let socket = try checked(select.socket).number
            let present = registrations[socket]
            let cancelled = present.map { cancellation(of: $0, socket: socket, by: select.actor) }
            let ends = cancelled.map { [$0] } ?? []
            guard select.mask != 0 else {
                return Decision(ends.isEmpty ? forget(socket) : ends, reply: .deselected)
            }
            try checkRoom(for: select.actor, socket, replacing: present)
            return Decision(
                ends + [
                    .notificationSelected(actor: select.actor, socket: socket, mask: select.mask)
                ],
                reply: .selected(nextSequence + UInt64(ends.count)))
        } catch {
            var decision = refuseRequest(.select, error, select.actor, select.request)
            decision.contents += forget(seen)
            return decision
        }
    }

    /// Says how things are, and changes nothing.
    func decide(_ resume: Command.Resume) -> Decision {
        let socket = socketNumber(cookie: resume.cookie)
        let present = socket.flatMap { registrations[$0] }
        let stands = present?.number == resume.registration && present?.process == resume.actor
        return Decision(reply: stands ? .resumed : .registrationLost(cookie: resume.cookie))
    }

    private func checkRoom(
        for actor: ProcessNumber, _ socket: SocketNumber, replacing present: Registration?
    ) throws(Refusal) {
        guard let process = processes[actor], !process.hasExited else { throw .deadSender }
        let user = process.identity.effectiveUID
        let replaced = present == nil ? 0 : 1
        let replacedOfUser = present?.user == user ? 1 : 0
        let limits = rules.limits
        guard registrations.count - replaced < limits.registrations,
            registrationsByUser[user, default: 0] - replacedOfUser < limits.registrationsPerUser
        else { throw .tooManyRegistrations }
        try checkRoom(for: socket, of: process)
    }

    private func cancellation(
        of registration: Registration, socket: SocketNumber, by actor: ProcessNumber
    ) -> Event.Content {
        .notificationCancelled(
            actor: registration.process, socket: socket, mask: registration.mask, by: actor)
    }

    /// What follows from the close of the last descriptor that a process has of a socket.
    func cancellation(byCloseOf key: DescriptorKey) -> [Event.Content] {
        guard let registration = registrations[key.socket], registration.process == key.process
        else { return [] }
        return [cancellation(of: registration, socket: key.socket, by: key.process)]
    }

    // MARK: - Apply

    /// Who selects has sent a descriptor of the socket, which is known from here on.
    mutating func applySelection(
        of socket: SocketNumber, by actor: ProcessNumber, mask: UInt32, number: RegistrationNumber
    ) -> Applied {
        guard sockets[socket] != nil, let process = processes[actor] else { return .nothing }
        endRegistration(of: socket)
        let user = process.identity.effectiveUID
        registrations[socket] = Registration(
            number: number, process: actor, user: user, mask: mask)
        registrationsByUser[user, default: 0] += 1
        let key = DescriptorKey(process: actor, socket: socket)
        guard descriptors[key] == nil else { return .nothing }
        open(key, from: 0)
        return .opened
    }

    mutating func endRegistration(of socket: SocketNumber) {
        guard let registration = registrations.removeValue(forKey: socket),
            let count = registrationsByUser[registration.user]
        else { return }
        registrationsByUser[registration.user] = count > 1 ? count - 1 : nil
    }
}
