import Winsock

// A snapshot is the whole state at one `seq`, so that a start need not fold the whole past. Equal
// states have equal snapshots: everything is written in the order of its numbers.

extension Registry {
    /// Of the layout below; an unknown one is passed over for an older snapshot or the whole log.
    package static let snapshotFormat = 4
    /// All that can be read; 1 knows no registrations, 2 nothing that only a policy needs,
    /// 3 no effective groups.
    package static let snapshotFormats = 1...4

    package func snapshot() -> [UInt8] {
        var out = ByteWriter()
        out.write(nextSequence)
        out.write(epoch)
        out.write(rules.text)
        out.write(boot) { $0.write($1) }
        out.write(UInt64(processes.count))
        for number in processes.keys.sorted() {
            if let process = processes[number] { out.write(process) }
        }
        out.write(UInt64(sockets.count))
        for number in sockets.keys.sorted() {
            if let socket = sockets[number] { out.write(socket) }
        }
        out.write(UInt64(handoffs.count))
        for number in handoffs.keys.sorted() {
            if let handoff = handoffs[number] { out.write(handoff) }
        }
        out.write(UInt64(descriptors.count))
        let keys = descriptors.keys.sorted { ($0.process, $0.socket) < ($1.process, $1.socket) }
        for key in keys {
            out.write(key.process)
            out.write(key.socket)
            out.write(numbers: descriptors[key, default: []])
        }
        let ended = endings.inOrder
        out.write(UInt64(ended.count))
        for (number, ending) in ended {
            out.write(number)
            out.write(UInt64(ending.how.rawValue))
            out.write(ending.target)
        }
        out.write(UInt64(clients.count))
        for nonce in clients.keys.sorted() {
            if let client = clients[nonce] { out.write(client, nonce: nonce) }
        }
        out.write(numbers: exiting)
        out.write(UInt64(registrations.count))
        for socket in registrations.keys.sorted() {
            if let registration = registrations[socket] { out.write(registration, of: socket) }
        }
        writePolicyFacts(to: &out)
        writeEffectiveGroups(to: &out)
        return out.bytes
    }

    package init(
        snapshot bytes: [UInt8], format: Int = snapshotFormat
    ) throws(ByteReader.Damage) {
        precondition(Self.snapshotFormats.contains(format), "the caller looks at the format")
        var input = ByteReader(bytes)
        nextSequence = try input.unsigned()
        epoch = try input.unsigned()
        rules = Rules(text: try input.string())
        boot = try input.optional { input throws(ByteReader.Damage) in try input.boot() }
        try input.each { input throws(ByteReader.Damage) in
            let process = try input.process()
            processes[process.number] = process
            countProcess(of: process.identity.effectiveUID, by: 1)
            countSockets(of: process.identity.effectiveUID, by: process.sockets.count)
            if !process.hasExited { processByInstance[process.identity.instance] = process.number }
        }
        try input.each { input throws(ByteReader.Damage) in
            let socket = try input.socket()
            sockets[socket.number] = socket
            if socket.isUnheld { unheldSockets += 1 }
            if socket.identity.isUnix { unixSockets += 1 }
            socketByCookie[socket.identity.cookie] = socket.number
        }
        try input.each { input throws(ByteReader.Damage) in
            try insert(try input.handoff())
        }
        try input.each { input throws(ByteReader.Damage) in
            let key = DescriptorKey(
                process: try input.unsigned(), socket: try input.unsigned())
            let handoffs = try input.numbers()
            descriptors[key] = handoffs
            countDelivered(to: key.process, by: handoffs.count { $0 != 0 })
        }
        try input.each { input throws(ByteReader.Damage) in
            let number = try input.unsigned()
            guard let how = Ending.How(rawValue: try input.number()) else {
                throw ByteReader.Damage(offset: input.offset)
            }
            endings.insert(Ending(how: how, target: try input.unsigned()), for: number)
        }
        try input.each { input throws(ByteReader.Damage) in
            clients[try input.unsigned()] = try input.client()
        }
        exiting = try input.numbers()
        if format > 1 {
            try input.each { input throws(ByteReader.Damage) in
                try insert(try input.registration(), of: try input.unsigned())
            }
        }
        if format > 2 { try readPolicyFacts(from: &input) }
        if format > 3 { try readEffectiveGroups(from: &input) }
        guard input.isAtEnd else { throw ByteReader.Damage(offset: input.offset) }
    }

    private mutating func insert(_ handoff: Handoff) throws(ByteReader.Damage) {
        guard handoffs[handoff.number] == nil else { throw ByteReader.Damage(offset: 0) }
        handoffs[handoff.number] = handoff
        openHandoffsByUser[handoff.sourceUID, default: 0] += 1
        if handoff.isReserved { countReserved(to: handoff.target, by: 1) }
        if let deadline = handoff.deadline { deadlines.insert(deadline, for: handoff.number) }
    }

    private mutating func insert(
        _ registration: Registration, of socket: SocketNumber
    ) throws(ByteReader.Damage) {
        guard registrations[socket] == nil else { throw ByteReader.Damage(offset: 0) }
        registrations[socket] = registration
        registrationsByUser[registration.user, default: 0] += 1
    }
}

extension ByteWriter {
    mutating func write(numbers: [UInt64]) {
        write(UInt64(numbers.count))
        for number in numbers { write(number) }
    }

    fileprivate mutating func write(_ boot: Event.Boot) {
        write(boot.id)
        write(boot.kernel)
        write(UInt64(boot.features.count))
        for feature in boot.features { write(feature) }
        write(boot.grade.rawValue)
    }

    fileprivate mutating func write(_ process: KnownProcess) {
        write(process.number)
        write(process.identity)
        write(process.hasExited)
        write(process.exit) { $0.write($1) }
        write(numbers: process.inbound.sorted())
        write(numbers: process.sockets.sorted())
        write(numbers: process.clients)
    }

    mutating func write(_ identity: ProcessIdentity) {
        write(signed: Int64(identity.pid))
        for number in [identity.instance, identity.start] { write(number) }
        for number in [identity.uid, identity.gid, identity.effectiveUID] { write(UInt64(number)) }
        write(identity.loginUID) { $0.write(UInt64($1)) }
        write(identity.executable) { $0.write($1) }
        write(identity.executableDevice) { $0.write($1) }
        write(identity.executableInode) { $0.write($1) }
        write(identity.controlGroup) { $0.write($1) }
        write(identity.pidNamespace) { $0.write($1) }
        write(identity.grade.rawValue)
    }

    fileprivate mutating func write(_ socket: KnownSocket) {
        write(socket.number)
        let identity = socket.identity
        write(identity.cookie)
        write(identity.inode)
        write(identity.networkNamespace) { $0.write($1) }
        for number in [identity.family, identity.type, identity.protocolNumber] {
            write(signed: Int64(number))
        }
        write(identity.local) { $0.write($1) }
        write(identity.remote) { $0.write($1) }
        write(socket.catalog) { $0.write(UInt64($1)) }
        write(socket.quality) { $0.write($1) }
        write(UInt64(socket.openHandoffs))
        write(UInt64(socket.descriptors))
    }

    fileprivate mutating func write(_ handoff: Handoff) {
        for number in [handoff.number, handoff.source, handoff.target, handoff.socket] {
            write(number)
        }
        write(UInt64(handoff.sourceUID))
        write(UInt64(handoff.form.rawValue))
        write(UInt64(handoff.catalog))
        write(UInt64(handoff.flags))
        write(handoff.deadline) { $0.write(signed: $1) }
        write(UInt64(handoff.attempt))
        write(handoff.isReserved)
    }

    fileprivate mutating func write(_ registration: Registration, of socket: SocketNumber) {
        write(registration.number)
        write(registration.process)
        write(UInt64(registration.user))
        write(UInt64(registration.mask))
        write(socket)
    }

    fileprivate mutating func write(_ client: KnownClient, nonce: UInt64) {
        write(nonce)
        write(client.process)
        write(client.watermark)
        write(UInt64(client.answers.count))
        for answer in client.answers {
            write(answer.counter)
            write(answer.content)
            switch answer.outcome {
            case .issued(let handoff): write(numbers: [1, handoff])
            case .reserved(let handoff): write(numbers: [2, handoff])
            case .revoked(let handoff): write(numbers: [3, handoff])
            case .refused(let refusal, nil): write(numbers: [5, UInt64(refusal.rawValue)])
            case .refused(let refusal, let handoff?):
                write(numbers: [5, UInt64(refusal.rawValue), handoff])
            }
        }
    }
}

extension ByteReader {
    fileprivate mutating func numbers() throws(Damage) -> [UInt64] {
        var numbers: [UInt64] = []
        try each { input throws(Damage) in numbers.append(try input.unsigned()) }
        return numbers
    }

    fileprivate mutating func boot() throws(Damage) -> Event.Boot {
        let id = try string()
        let kernel = try string()
        var features: [String] = []
        try each { input throws(Damage) in features.append(try input.string()) }
        return Event.Boot(id: id, kernel: kernel, features: features, grade: try grade())
    }

    private mutating func grade() throws(Damage) -> Grade {
        guard let grade = Grade(rawValue: try string()) else { throw Damage(offset: offset) }
        return grade
    }

    fileprivate mutating func process() throws(Damage) -> KnownProcess {
        var process = KnownProcess(number: try unsigned(), identity: try processIdentity())
        process.hasExited = try bool()
        process.exit = try optional { input throws(Damage) in try input.unsigned() }
        process.inbound = Set(try numbers())
        process.sockets = Set(try numbers())
        process.clients = try numbers()
        return process
    }

    mutating func processIdentity() throws(Damage) -> ProcessIdentity {
        let pid: Int32 = try signedNumber()
        let instance = try unsigned()
        var identity = ProcessIdentity(
            pid: pid, instance: instance, start: try unsigned(), uid: try self.number(),
            gid: try self.number(), effectiveUID: try self.number())
        identity.loginUID = try optional { input throws(Damage) in try input.number() }
        identity.executable = try optional { input throws(Damage) in try input.array() }
        identity.executableDevice = try optional { input throws(Damage) in try input.unsigned() }
        identity.executableInode = try optional { input throws(Damage) in try input.unsigned() }
        identity.controlGroup = try optional { input throws(Damage) in try input.array() }
        identity.pidNamespace = try optional { input throws(Damage) in try input.unsigned() }
        identity.grade = try grade()
        return identity
    }

    fileprivate mutating func socket() throws(Damage) -> KnownSocket {
        let number = try unsigned()
        var identity = SocketIdentity(
            cookie: try unsigned(), inode: try unsigned(), family: 0, type: 0, protocolNumber: 0)
        identity.networkNamespace = try optional { input throws(Damage) in try input.unsigned() }
        identity.family = try signedNumber()
        identity.type = try signedNumber()
        identity.protocolNumber = try signedNumber()
        identity.local = try optional { input throws(Damage) in try input.string() }
        identity.remote = try optional { input throws(Damage) in try input.string() }
        let catalog = try optional { input throws(Damage) in try input.number(UInt32.self) }
        var socket = KnownSocket(number: number, identity: identity, catalog: catalog)
        socket.quality = try optional { input throws(Damage) in try input.string() }
        socket.openHandoffs = try self.number()
        socket.descriptors = try self.number()
        socket.wasHeld = true
        return socket
    }

    fileprivate mutating func handoff() throws(Damage) -> Handoff {
        let number = try unsigned()
        let source = try unsigned()
        let target = try unsigned()
        let socket = try unsigned()
        let user: UInt32 = try self.number()
        guard let form = ProtocolInfo.Form(rawValue: try self.number()) else {
            throw Damage(offset: offset)
        }
        var handoff = Handoff(
            number: number, source: source, sourceUID: user, target: target, socket: socket,
            form: form, catalog: try self.number(), flags: try self.number())
        handoff.deadline = try optional { input throws(Damage) in try input.signed() }
        handoff.attempt = try self.number()
        handoff.isReserved = try bool()
        return handoff
    }

    fileprivate mutating func registration() throws(Damage) -> Registration {
        let number = try unsigned()
        let process = try unsigned()
        return Registration(
            number: number, process: process, user: try self.number(), mask: try self.number())
    }

    fileprivate mutating func client() throws(Damage) -> KnownClient {
        var client = KnownClient(process: try unsigned(), watermark: try unsigned())
        try each { input throws(Damage) in
            let counter = try input.unsigned()
            let content = try input.unsigned()
            let outcome = try input.outcome()
            client.answers.append(
                KnownClient.Answer(counter: counter, content: content, outcome: outcome))
        }
        return client
    }

    private mutating func outcome() throws(Damage) -> KnownClient.Outcome {
        let words = try numbers()
        switch (words.first, words.count) {
        case (1, 2): return .issued(words[1])
        case (2, 2): return .reserved(words[1])
        case (3, 2): return .revoked(words[1])
        case (5, 2), (5, 3):
            guard let raw = UInt16(exactly: words[1]), let refusal = Refusal(rawValue: raw) else {
                throw Damage(offset: offset)
            }
            return .refused(refusal, words.count == 3 ? words[2] : nil)
        default: throw Damage(offset: offset)
        }
    }
}
