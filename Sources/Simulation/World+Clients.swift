import Coordinator
import Registry
import Winsock
import Wire

extension World {
    // MARK: - Connections

    func connect(_ id: Int) {
        guard let process = processes[id], process.isAlive, shell != nil else { return }
        if let old = process.client.connection {
            // Answers that are queued there are read first, and what they bring is kept.
            while !connections[old].answers.isEmpty { receive(id, .whole) }
            connections[old].holders.removeAll { $0 == id }
            processes[id]?.client.connection = nil
        }
        guard let session = shell?.connect(user: process.user) else { return }
        let index = connections.count
        connections.append(
            SimulatedConnection(
                process: id, holders: [id], session: session, nonce: process.client.nonce))
        shell?.places[session.index] = index
        processes[id]?.client.connection = index
        processes[id]?.client.unanswered = 0
        guard let client = processes[id]?.client else { return }
        processes[id]?.client.counter += 1
        send(
            .startup(
                Request.Startup(
                    counter: client.counter + 1, nonce: client.nonce,
                    role: .peer)),
            by: id)
        for place in client.confirms.indices {
            processes[id]?.client.confirms[place].place = 0
            sendConfirm(at: place, by: id)
        }
    }

    private func send(_ request: Request, socket: Int? = nil, by id: Int) {
        guard let index = processes[id]?.client.connection, connections[index].isServed else {
            return
        }
        inbox.append(Message(connection: index, sender: id, request: request, socket: socket))
    }

    // MARK: - Requests

    func ask(_ label: Int, by id: Int, _ what: SimulatedRequest.What) {
        guard let process = processes[id], process.isAlive, requests[label] == nil else { return }
        var handoff: HandoffNumber?
        switch what {
        case .duplicate(let socket, _, _):
            guard process.descriptors[socket] != nil else { return }
        case .redeem(let record, _), .revoke(let record):
            guard let known = requests[record]?.record else { return }
            handoff = known
        case .reconcile: break
        }
        let counter = process.client.counter + 1
        processes[id]?.client.counter = counter
        processes[id]?.client.outstanding.append(label)
        let request = SimulatedRequest(
            label: label, process: id, nonce: process.client.nonce, counter: counter, what: what,
            handoff: handoff)
        requests[label] = request
        labels[RequestKey(nonce: process.client.nonce, counter: counter)] = label
        auditor.asked(request)
        askAgain(label)
    }

    func askAgain(_ label: Int) {
        guard let request = requests[label], let process = processes[request.process],
            process.isAlive, process.client.nonce == request.nonce
        else { return }
        let watermark = watermark(of: process.client)
        switch request.what {
        case .duplicate(let socket, let pid, let lifetime):
            // A socket that was closed in between cannot be sent again.
            guard process.descriptors[socket] != nil else { return }
            send(
                .duplicate(
                    Request.Duplicate(
                        counter: request.counter, watermark: watermark, pid: Int64(pid),
                        hasPidfd: false, form: .wide, flags: 1,
                        lifetime: lifetime.map { UInt64(max(1, $0)) * 1000 })),
                socket: socket, by: request.process)
        case .redeem(_, let tampering):
            send(redeem(request.handoff ?? 0, tampering, request, watermark), by: request.process)
        case .revoke:
            send(
                .revoke(
                    counter: request.counter, watermark: watermark,
                    handoff: request.handoff ?? 0, text: ""),
                by: request.process)
        case .reconcile: send(.reconcile(counter: request.counter), by: request.process)
        }
    }

    private func redeem(
        _ handoff: HandoffNumber, _ tampering: Action.Tampering, _ request: SimulatedRequest,
        _ watermark: UInt64
    ) -> Request {
        let secret = secret(of: handoff)
        let catalog = catalog(of: handoff)
        let record: Request.PresentedRecord =
            switch tampering {
            case .genuine:
                .ticket(handoff: handoff, secret: secret, catalog: catalog, isAltered: false)
            case .forged:
                .ticket(handoff: handoff, secret: secret ^ 1, catalog: catalog, isAltered: false)
            case .altered:
                .ticket(handoff: handoff, secret: secret, catalog: catalog, isAltered: true)
            case .malformed: .malformed
            case .plain: .plain
            }
        return .redeem(
            Request.Redeem(
                counter: request.counter, watermark: watermark, flags: 1, record: record,
                program: nil))
    }

    /// No socket has it.
    private static let noCookie: UInt64 = 1

    /// The catalog's entry that the record has: for Unix streams, or TCP over IPv4.
    private func catalog(of handoff: HandoffNumber) -> UInt32 {
        let cookie = auditor.handoffs[handoff]?.cookie
        return cookie.flatMap { sockets[Self.socket(of: $0)] } == .unix ? 1007 : 1001
    }

    /// All requests up to here have their answers.
    private func watermark(of client: SimulatedClient) -> UInt64 {
        client.outstanding.first.flatMap { requests[$0] }.map { $0.counter - 1 } ?? client.counter
    }

    func stray(_ id: Int, over parent: Int, record: Int) {
        guard processes[id]?.isAlive == true, let handoff = requests[record]?.record else { return }
        guard id != parent, let index = shared(by: id, from: parent), connections[index].isServed
        else { return }
        let request = SimulatedRequest(
            label: 0, process: id, nonce: 0, counter: 1 << 32, what: .revoke(record: record))
        inbox.append(
            Message(
                connection: index, sender: id, request: redeem(handoff, .genuine, request, 0),
                socket: nil))
    }

    private func shared(by id: Int, from parent: Int) -> Int? {
        connections.lastIndex { $0.process == parent && $0.holders.contains(id) }
    }

    func misconfirm(_ id: Int, record: Int) {
        guard processes[id]?.isAlive == true, let handoff = requests[record]?.record else { return }
        confirm(handoff, attempt: 1, cookie: Self.noCookie, by: id)
    }

    func close(_ id: Int, socket: Int) {
        guard let count = processes[id]?.descriptors[socket] else { return }
        processes[id]?.descriptors[socket] = count > 1 ? count - 1 : nil
        let cookie = Self.cookie(of: socket)
        if tell(.close(cookie: cookie, how: .closesocket), by: id) > 0 {
            auditor.toldClose(Auditor.Holding(process: id, cookie: cookie))
        }
    }

    /// Sends a frame that gets no answer. Returns its place among those of the connection, or 0
    /// when it could not be sent.
    private func tell(_ frame: Request, by id: Int) -> UInt64 {
        guard let client = processes[id]?.client, let index = client.connection,
            connections[index].isServed
        else { return 0 }
        processes[id]?.client.unanswered += 1
        send(frame, by: id)
        return client.unanswered + 1
    }

    /// Kept until it is acknowledged.
    private func confirm(
        _ handoff: HandoffNumber, attempt: UInt32, cookie: UInt64, by id: Int
    ) {
        processes[id]?.client.confirms.append(
            SimulatedConfirm(handoff: handoff, attempt: attempt, cookie: cookie))
        if let count = processes[id]?.client.confirms.count { sendConfirm(at: count - 1, by: id) }
    }

    private func sendConfirm(at place: Int, by id: Int) {
        guard let confirm = processes[id]?.client.confirms[place] else { return }
        let sent = tell(
            .confirm(handoff: confirm.handoff, attempt: confirm.attempt, cookie: confirm.cookie),
            by: id)
        processes[id]?.client.confirms[place].place = sent
    }

    // MARK: - Answers

    func receive(_ id: Int, _ reception: Action.Reception) {
        guard let index = processes[id]?.client.connection, processes[id]?.isAlive == true else {
            return
        }
        guard !connections[index].answers.isEmpty else {
            if !connections[index].isServed { processes[id]?.client.connection = nil }
            return
        }
        let delivery = connections[index].answers.removeFirst()
        acknowledge(delivery.answer.acknowledged, id)
        if case .grant(let handoff, let attempt, _) = delivery.answer.content {
            take(delivery, handoff, attempt, reception, id)
        } else {
            settle(delivery.answer, id)
        }
    }

    private func acknowledge(_ count: UInt64, _ id: Int) {
        guard let confirms = processes[id]?.client.confirms, !confirms.isEmpty else { return }
        func isDone(_ confirm: SimulatedConfirm) -> Bool {
            confirm.place != 0 && confirm.place <= count
        }
        for confirm in confirms where isDone(confirm) && confirm.cookie != Self.noCookie {
            auditor.acknowledged(confirmOf: confirm.handoff, attempt: confirm.attempt, by: id)
        }
        processes[id]?.client.confirms.removeAll(where: isDone)
    }

    private func take(
        _ delivery: Delivery, _ handoff: HandoffNumber, _ attempt: UInt32,
        _ reception: Action.Reception, _ id: Int
    ) {
        guard let socket = delivery.socket, reception == .whole else {
            // The request stands: it is asked again.
            _ = tell(.decline(handoff: handoff, attempt: attempt, reason: .truncated), by: id)
            return
        }
        // A grant that comes twice is one descriptor.
        if processes[id]?.client.delivered.insert(handoff).inserted == true {
            if processes[id]?.descriptors[socket] == nil {
                auditor.gained(Auditor.Holding(process: id, cookie: Self.cookie(of: socket)))
            }
            processes[id]?.descriptors[socket, default: 0] += 1
        }
        auditor.received(handoff, by: id)
        confirm(handoff, attempt: attempt, cookie: Self.cookie(of: socket), by: id)
        settle(delivery.answer, id)
    }

    /// The request has its answer.
    private func settle(_ answer: Answer, _ id: Int) {
        guard let client = processes[id]?.client,
            let label = labels[RequestKey(nonce: client.nonce, counter: answer.counter)]
        else { return }
        if case .record(let handoff, _, _) = answer.content {
            requests[label]?.record = handoff
        }
        requests[label]?.isAnswered = true
        processes[id]?.client.outstanding.removeAll { $0 == label }
    }
}
