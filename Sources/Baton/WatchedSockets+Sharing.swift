internal import Transport
internal import Winsock

/// What a socket that other processes have needs beside what the recorder does: their calls are
/// told by nobody, and show in what the kernel knows of the socket.
struct SharedWatch: Sendable {
    /// As the queue was when READ or ACCEPT was recorded.
    var queue: QueueWatch?
    /// The poller for room has the socket: only it says when there is room, for it reports only
    /// room that a send had missed.
    var isRoomWatched = false
    /// It has reported since the last observation.
    var hasRoom = false
    /// As it was at the last observation.
    var sending: SendQueue?
    var wasFull = false
}

/// A timer that one thread sets and another waits for.
final class SharedTimer: Sendable {
    let timer: TimerDescriptor

    init(_ timer: consuming TimerDescriptor) { self.timer = timer }
}

/// What registrations that are shared need.
struct SharingTools: Sendable {
    let room: SharedPoller
    let timer: SharedTimer
    /// Nil where the kernel has none to offer, or forbids it: then more stays in doubt.
    let diagnosis: QueueDiagnosis?

    init() throws(Errno) {
        room = SharedPoller(try Poller())
        timer = SharedTimer(try TimerDescriptor())
        do throws(Errno) {
            diagnosis = try QueueDiagnosis()
        } catch {
            diagnosis = nil
        }
    }

    var isLost: Bool { room.poller.isLost() || timer.timer.isLost() }
}

extension WatchedSockets {
    /// Whether the program has closed what it takes to watch, or put something else there.
    var isLost: Bool { poller?.poller.isLost() == true || sharing?.isLost == true }

    /// Ends all registrations where that is lost: what was missed meanwhile nobody can tell.
    mutating func endIfLost() -> [Registration] {
        guard isLost else { return [] }
        // Nothing is taken out of it: its number is the program's.
        if poller?.poller.isLost() == true { poller = nil }
        sharing = nil
        timerIsSetFor = nil
        return registrations.keys.sorted().compactMap { end($0, .closed) }
    }

    /// Must come before the first registration that is shared.
    mutating func prepareSharing() throws(Errno) {
        guard let poller, sharing == nil else { return }
        let tools = try SharingTools()
        try poller.poller.add(tools.room.poller, token: roomToken, interest: .readable)
        try poller.poller.add(tools.timer.timer, token: timerToken, interest: .readable)
        sharing = tools
    }

    /// The socket is handed over: what its registration has seen so far was this process's alone.
    mutating func share(_ cookie: UInt64) {
        guard let registration = registrations[cookie] else { return }
        let isSilent =
            registration.recorder.isSilent(.read) || registration.recorder.isSilent(.accept)
        do throws(Errno) {
            // A receive of another thread may be on its way to tell.
            registrations[cookie]?.shared.queue = QueueWatch(
                try SocketCalls.receiveQueue(
                    of: registration.number, diagnosis: sharing?.diagnosis),
                isDoubtful: isSilent)
        } catch {
            end(cookie, .closed)
            return
        }
        observe(cookie, on: .beginning)
    }

    // MARK: - Receives and accepts

    /// Whether a receive that is over, and took something, was found before it could be told. The
    /// event has been recorded again since.
    func isKnown(_ call: NetworkEventRecorder.Call, of registration: Registration) -> Bool {
        guard registration.isShared, call == .receive, registration.recorder.isSilent(.read),
            let watch = registration.shared.queue
        else { return false }
        do throws(Errno) {
            return watch.isLevel(with: try SocketCalls.receiveQueue(of: registration.number))
        } catch {
            return false
        }
    }

    /// Re-enables what others have re-enabled by receiving or accepting, as the queue shows.
    func noteOthers(
        _ queue: ReceiveQueue, on occasion: Occasion, of registration: inout Registration
    ) {
        let recorder = registration.recorder
        let event: NetworkEvents = recorder.phase == .listening ? .accept : .read
        guard recorder.isSilent(event), var watch = registration.shared.queue else { return }
        let finding = watch.look(at: queue, isNews: occasion == .news)
        registration.shared.queue = watch
        // In doubt the event comes once too often rather than never, though not while the program
        // may be about to receive.
        let isOver = occasion == .look && looks.isPatienceOver(registration.cookie)
        guard finding == .somebody || finding == .unknown && isOver else { return }
        _ = registration.recorder.called(event == .accept ? .accept : .receive)
    }

    /// Plans the next look where nothing else would tell.
    mutating func planLook(
        at cookie: UInt64, awaitsOthers: Bool, isNew: Bool, on occasion: Occasion
    ) {
        guard awaitsOthers else {
            looks.end(cookie)
            return
        }
        let now = Clock.bootMicroseconds()
        if isNew || !looks.isPlanned(cookie) {
            looks.begin(cookie, at: now)
        } else if occasion == .look {
            looks.postpone(cookie, at: now)
        }
        setTimer(looks.due(of: cookie))
    }

    /// The timer went off.
    mutating func lookAtDue() {
        sharing?.timer.timer.drain()
        timerIsSetFor = nil
        for cookie in looks.take(at: Clock.bootMicroseconds()) { observe(cookie, on: .look) }
        setTimer(looks.next)
    }

    private mutating func setTimer(_ next: Int64?) {
        guard let next, next < timerIsSetFor ?? .max else { return }
        sharing?.timer.timer.set(bootMicroseconds: next)
        timerIsSetFor = next
    }

    // MARK: - Room to send

    /// Linux reports room on TCP only where a send, or somebody who asked, had found too little: so
    /// it tells of the sends of other processes too. Of other sockets it reports every message
    /// that has gone, which says nothing.
    mutating func watchRoom(_ cookie: UInt64) {
        guard let registration = registrations[cookie], let sharing,
            registration.isShared, !registration.shared.isRoomWatched,
            registration.recorder.selected.contains(.write),
            [.connected, .accepted].contains(registration.recorder.phase)
        else { return }
        do throws(Errno) {
            guard let sending = try SocketCalls.sendQueue(of: registration.number) else { return }
            try sharing.room.poller.add(
                BorrowedDescriptor(registration.number), token: registration.token,
                interest: [.edgeTriggered, .writable])
            registrations[cookie]?.shared.isRoomWatched = true
            registrations[cookie]?.shared.sending = sending
        } catch {
            end(cookie, .closed)
            return
        }
        // That it is there at the beginning is no news.
        drainRoom()
        registrations[cookie]?.shared.hasRoom = false
        observe(cookie, on: .beginning)
    }

    /// The poller for room has something to say.
    mutating func observeRoom() {
        for cookie in drainRoom() { observe(cookie, on: .room) }
    }

    @discardableResult
    private mutating func drainRoom() -> [UInt64] {
        guard let sharing else { return [] }
        var cookies: [UInt64] = []
        let events = EventBuffer(capacity: 16)
        do throws(Errno) {
            while true {
                let count = try sharing.room.poller.wait(
                    into: events, timeoutMilliseconds: 0)
                for index in 0..<count {
                    guard case .socket(let cookie) = owners[events[index].token] else {
                        continue
                    }
                    registrations[cookie]?.shared.hasRoom = true
                    cookies.append(cookie)
                }
                if count < events.capacity { return cookies }
            }
        } catch {
            precondition(
                sharing.room.poller.isLost(),
                "A poller of this process is there to be asked: \(error)")
            return cookies
        }
    }

    /// Whether there is room again that a send had missed; asked once for each time.
    mutating func takeRoom(_ cookie: UInt64) throws(Errno) -> Bool {
        guard let known = registrations[cookie], known.shared.isRoomWatched,
            let before = known.shared.sending,
            let now = try SocketCalls.sendQueue(of: known.number)
        else { return false }
        let isChanged = now.state != before.state
        // A change of the connection's state is reported there too, and looks like room.
        if isChanged { drainRoom() }
        let hasRoom = registrations[cookie]?.shared.hasRoom ?? false
        registrations[cookie]?.shared.hasRoom = false
        registrations[cookie]?.shared.sending = now
        guard hasRoom, isChanged, !known.shared.wasFull else { return hasRoom }
        // Both at once, if so much has gone that there may have been too little room before.
        let gone = now.acknowledgedByteCount &- before.acknowledgedByteCount
        return gone >= UInt64(try SocketCalls.sendBufferByteCount(known.number)) / 8
    }

    mutating func forgetRoom(of registration: Registration) {
        guard registration.shared.isRoomWatched, let sharing else { return }
        do throws(Errno) {
            try sharing.room.poller.remove(BorrowedDescriptor(registration.number))
        } catch {
            // The descriptor was closed behind the library's back.
        }
    }
}
