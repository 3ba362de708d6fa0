internal import Transport
internal import Winsock

/// The registrations of one process, each by the socket it belongs to. What it calls in the kernel
/// does not wait.
struct WatchedSockets: Sendable {
    typealias Remote = (link: NotificationLink, registration: UInt64)

    struct Registration: Sendable {
        let identifier: UInt64
        /// Through which it was made, and is watched.
        var number: Int32
        let cookie: UInt64
        let token: Poller.Token
        let sink: NetworkEventSink
        var observer: SocketObserver
        var recorder: NetworkEventRecorder
        /// What the poller waits for.
        var interest: Poller.Interest
        /// The registration at the coordinator, of a socket that others may have.
        var remote: Remote?
        var shared = SharedWatch()

        var isShared: Bool { remote != nil }
    }

    /// Why a socket is looked at.
    enum Occasion: Sendable, Hashable {
        /// Of a registration, or of watching it in another way.
        case beginning
        /// This process has made a call.
        case call
        /// The kernel has reported something.
        case news
        /// The kernel has reported room to send.
        case room
        /// Time has passed.
        case look
    }

    var poller: SharedPoller?
    /// What registrations that are shared need, once there is one.
    var sharing: SharingTools?
    var looks = LookSchedule()
    var timerIsSetFor: Int64?
    var registrations: [UInt64: Registration] = [:]
    private var cookies: [Int32: UInt64] = [:]
    private var cookiesByRegistration: [UInt64: UInt64] = [:]
    private var tokens = TokenTable()
    private(set) var owners: [Poller.Token: Owner] = [:]
    private var lastIdentifier: UInt64 = 0
    let roomToken: Poller.Token
    let timerToken: Poller.Token

    enum Owner: Sendable {
        case socket(cookie: UInt64)
        case link(NotificationLink, descriptor: Int32)
        case room
        case timer
    }

    init() {
        roomToken = tokens.make()
        timerToken = tokens.make()
        owners = [roomToken: .room, timerToken: .timer]
    }

    // MARK: - Whose

    /// Of the socket that the number names now, if it has a registration.
    func cookie(of number: Int32) -> UInt64? {
        guard !registrations.isEmpty else { return nil }
        do throws(Errno) {
            let cookie = try SocketCalls.cookie(of: number)
            return registrations[cookie] == nil ? nil : cookie
        } catch {
            return nil
        }
    }

    /// Of the socket that was registered through the number, which another one may have by now.
    func cookie(registeredThrough number: Int32) -> UInt64? { cookies[number] }

    func cookie(registration: UInt64) -> UInt64? {
        cookiesByRegistration[registration]
    }

    func unannounced(_ number: Int32) -> (registration: UInt64, events: NetworkEvents)? {
        guard let cookie = cookie(of: number), let known = registrations[cookie],
            known.remote == nil
        else { return nil }
        return (known.identifier, known.recorder.selected)
    }

    // MARK: - Beginning and end

    /// Returns what names the registration.
    mutating func install(
        _ number: Int32, _ events: NetworkEvents, isAccepted: Bool, isTold: Bool,
        remote: Remote?, to sink: NetworkEventSink
    ) throws(Errno) -> UInt64 {
        let cookie = try SocketCalls.cookie(of: number)
        if remote != nil { try prepareSharing() }
        var observer = SocketObserver(number, isAccepted: isAccepted, isTold: isTold)
        let phase = try observer.phase()
        end(cookie, .takenOver)
        // Closed behind the library's back, and its number given to another.
        if let stale = cookies[number] { end(stale, .closed) }
        guard let poller else { throw .badDescriptor }
        lastIdentifier += 1
        let registration = Registration(
            identifier: lastIdentifier, number: number, cookie: cookie, token: tokens.make(),
            sink: sink, observer: observer,
            recorder: NetworkEventRecorder(selecting: events, phase: phase),
            interest: .edgeTriggered, remote: remote)
        do throws(Errno) {
            try poller.poller.add(
                BorrowedDescriptor(number), token: registration.token,
                interest: registration.interest)
        } catch {
            tokens.retire(registration.token)
            throw error
        }
        registrations[cookie] = registration
        cookies[number] = cookie
        cookiesByRegistration[registration.identifier] = cookie
        owners[registration.token] = .socket(cookie: cookie)
        sink.begin()
        observe(cookie, on: .beginning)
        return registration.identifier
    }

    /// The descriptor is about to be closed, and the process has another one of the socket: what
    /// goes on through that is not to be interrupted.
    mutating func move(_ cookie: UInt64, to number: Int32) {
        guard let poller, let registration = registrations[cookie] else { return }
        do throws(Errno) {
            guard try SocketCalls.cookie(of: number) == cookie else { throw .badDescriptor }
            try poller.poller.add(
                BorrowedDescriptor(number), token: registration.token, interest: .edgeTriggered)
            forget(registration)
        } catch {
            // It is being closed too.
            end(cookie, .closed)
            return
        }
        if cookies[registration.number] == cookie { cookies[registration.number] = nil }
        cookies[number] = cookie
        registrations[cookie]?.number = number
        registrations[cookie]?.observer.number = number
        registrations[cookie]?.interest = .edgeTriggered
        registrations[cookie]?.shared.isRoomWatched = false
        observe(cookie, on: .beginning)
    }

    /// A socket that could not be watched is accepted all the same, without events.
    mutating func inherit(_ number: Int32, from listener: UInt64) {
        guard let known = registrations[listener] else { return }
        do throws(Errno) {
            _ = try install(
                number, known.recorder.selected, isAccepted: true,
                isTold: known.observer.isTold, remote: nil, to: known.sink)
        } catch {
            return
        }
    }

    @discardableResult
    mutating func end(_ cookie: UInt64, _ end: NetworkEventEnd) -> Registration? {
        guard let registration = registrations.removeValue(forKey: cookie) else { return nil }
        if cookies[registration.number] == cookie { cookies[registration.number] = nil }
        cookiesByRegistration[registration.identifier] = nil
        owners[registration.token] = nil
        tokens.retire(registration.token)
        looks.end(cookie)
        forget(registration)
        registration.sink.end(end)
        if let link = registration.remote?.link { removeIfUnused(link) }
        return registration
    }

    /// Waits for nothing any more by this descriptor.
    private mutating func forget(_ registration: Registration) {
        forgetRoom(of: registration)
        do throws(Errno) {
            try poller?.poller.remove(BorrowedDescriptor(registration.number))
        } catch {
            // The descriptor was closed behind the library's back. What comes has a token that
            // nobody owns, or comes twice.
        }
    }

    // MARK: - The coordinator

    /// What comes for a registration through this link is wanted.
    mutating func add(_ link: NotificationLink, descriptor: Int32) throws(Errno) {
        guard let poller else { return }
        if let known = token(of: link) {
            do throws(Errno) {
                try poller.poller.modify(
                    BorrowedDescriptor(descriptor), token: known, interest: .readable)
                return
            } catch .noEntry {
                // The program has closed the one that was waited for: the link has another.
                owners[known] = nil
                tokens.retire(known)
            }
        }
        let token = tokens.make()
        try poller.poller.add(
            BorrowedDescriptor(descriptor), token: token, interest: .readable)
        owners[token] = .link(link, descriptor: descriptor)
    }

    /// A link lives as long as its client or a registration.
    private mutating func removeIfUnused(_ link: NotificationLink) {
        let isUsed = registrations.values.contains { $0.remote?.link === link }
        guard !isUsed, let token = token(of: link), case .link(_, let descriptor) = owners[token]
        else { return }
        owners[token] = nil
        tokens.retire(token)
        do throws(Errno) {
            try poller?.poller.remove(BorrowedDescriptor(descriptor))
        } catch {
            // The program has closed a descriptor that is not its own.
        }
    }

    private func token(of link: NotificationLink) -> Poller.Token? {
        owners.first { owner in
            if case .link(let known, _) = owner.value { known === link } else { false }
        }?.key
    }

    func link(_ token: Poller.Token) -> NotificationLink? {
        if case .link(let link, _) = owners[token] { link } else { nil }
    }

    mutating func announce(_ identifier: UInt64, _ remote: Remote) throws(Errno) {
        guard let cookie = cookie(registration: identifier) else { return }
        try prepareSharing()
        registrations[cookie]?.remote = remote
        share(cookie)
    }

    /// Another process has taken the registration over.
    mutating func lose(_ push: CancelledRegistration) {
        guard registrations[push.cookie]?.remote?.registration == push.registration else { return }
        end(push.cookie, .takenOver)
    }

    // MARK: - Events

    mutating func observe(_ token: Poller.Token) {
        switch owners[token] {
        case .socket(let cookie): observe(cookie, on: .news)
        case .room: observeRoom()
        case .timer: lookAtDue()
        case .link, nil: break
        }
    }

    /// `hasTaken` says that the call has received or accepted something.
    mutating func called(
        _ cookie: UInt64, _ call: NetworkEventRecorder.Call, hasTaken: Bool = false
    ) {
        guard var registration = registrations[cookie] else { return }
        if call == .connect { registration.observer.forgetError() }
        if hasTaken, isKnown(call, of: registration) { return }
        let isToBeObserved = registration.recorder.called(call)
        registrations[cookie] = registration
        if isToBeObserved { observe(cookie, on: .call) } else { arm(cookie) }
    }

    mutating func take<R, E: Error>(
        _ cookie: UInt64, _ body: (NetworkEventRecord) throws(E) -> R
    ) throws(E) -> R {
        guard var registration = registrations[cookie] else {
            return try body(NetworkEventRecord())
        }
        let result = try body(registration.recorder.take())
        registrations[cookie] = registration
        return result
    }

    mutating func takeError(_ number: Int32) -> WSAError? {
        guard let cookie = cookie(of: number) else { return nil }
        return registrations[cookie]?.observer.takeError()
    }

    /// Looks at the socket, and delivers what is new.
    mutating func observe(_ cookie: UInt64, on occasion: Occasion) {
        guard let number = registrations[cookie]?.number else { return }
        let news: NetworkEventRecord
        do throws(Errno) {
            guard try SocketCalls.cookie(of: number) == cookie else { throw .badDescriptor }
            let hasRoom = try takeRoom(cookie)
            guard var registration = registrations[cookie] else { return }
            news = try observe(&registration, on: occasion, hasRoom: hasRoom)
            registrations[cookie] = registration
            if !news.isEmpty { registration.sink.deliver(registration.number, news) }
        } catch {
            end(cookie, .closed)
            return
        }
        arm(cookie)
        watchRoom(cookie)
    }

    private mutating func observe(
        _ registration: inout Registration, on occasion: Occasion, hasRoom: Bool
    ) throws(Errno) -> NetworkEventRecord {
        if registration.recorder.phase == .idle,
            let call = try registration.observer.callSinceIdle()
        {
            _ = registration.recorder.called(call)
        }
        let phase = registration.recorder.phase
        guard registration.isShared, phase != .idle, phase != .connecting else {
            let facts = try registration.observer.readiness(in: phase)
            return registration.recorder.observe(facts)
        }
        // Before the facts: what others receive after this is found by the next look.
        let queue = try SocketCalls.receiveQueue(
            of: registration.number, diagnosis: sharing?.diagnosis)
        noteOthers(queue, on: occasion, of: &registration)
        if hasRoom { _ = registration.recorder.called(.sendWouldBlock) }
        var facts = try registration.observer.readiness(in: phase)
        registration.shared.wasFull = !facts.isWritable
        if registration.shared.isRoomWatched, !hasRoom, occasion != .beginning {
            facts.isWritable = false
        }
        let news = registration.recorder.observe(facts, isShared: true)
        let isNew = !news.events.isDisjoint(with: [.read, .accept, .outOfBand])
        if !news.events.isDisjoint(with: [.read, .accept]) {
            registration.shared.queue = QueueWatch(queue)
        }
        planLook(
            at: registration.cookie, awaitsOthers: registration.recorder.awaitsOthers(facts),
            isNew: isNew, on: occasion)
        return news
    }

    /// Waits for what the recorder wants to know, and for nothing else: what is silent can be true
    /// for a long time.
    private mutating func arm(_ cookie: UInt64) {
        guard let registration = registrations[cookie] else { return }
        let wanted = Self.interest(of: registration)
        guard wanted != registration.interest else { return }
        do throws(Errno) {
            try poller?.poller.modify(
                BorrowedDescriptor(registration.number), token: registration.token,
                interest: wanted)
            registrations[cookie]?.interest = wanted
        } catch {
            end(cookie, .closed)
        }
    }

    private static func interest(of registration: Registration) -> Poller.Interest {
        let recorder = registration.recorder
        var wanted: Poller.Interest = .edgeTriggered
        if recorder.phase == .idle, !registration.observer.isTold {
            return [wanted, .readable, .writable]
        }
        let interest = recorder.interest(isShared: registration.isShared)
        if interest.contains(.readable) { wanted.insert(.readable) }
        if interest.contains(.writable), !registration.shared.isRoomWatched {
            wanted.insert(.writable)
        }
        if interest.contains(.urgent) { wanted.insert(.urgent) }
        if interest.contains(.end) { wanted.insert(.peerHangUp) }
        return wanted
    }
}
