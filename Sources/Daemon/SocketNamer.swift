import Synchronization
import Transport

/// Asks sockets for their names: such a call waits for as long as somebody else's call on the
/// socket does, which can be for ever, and no signal ends it.
///
/// The leader of the loop asks by itself, see `Succession`, but only where nobody has made it wait
/// lately. Otherwise threads do. Those of one user take what its requests bring one after the
/// other. One that does not come back is joined by another, up to a bound, so that each user waits
/// for itself alone.
final class SocketNamer {
    private enum Bounds {
        /// How long a request waits for the names of its socket, before it is refused.
        static let patienceMicroseconds: Int64 = 2_000_000
        /// After so long without an answer one more thread is put to it.
        static let stallMicroseconds: Int64 = 20_000
        static let threadsPerUser = 8
        static let threads = 64
        /// Threads that wait for work, so that it begins at once.
        static let idleThreads = 4
    }

    /// A wait of the leader is looked at after so long: much less is the work of a request.
    static let noticedMicroseconds: Int64 = 200

    /// A request that waits for the names of its socket.
    private struct Question {
        var message: Inbound
        var since: Int64
    }

    /// What one user's requests wait for.
    private struct UserNames {
        let queue = NameQueue()
        var threads = 0
        /// When there was an answer, or a thread was put to it.
        var progress: Int64 = 0
    }

    let answers: NameAnswers
    private var questions: [UInt64: Question] = [:]
    private var lastNumber: UInt64 = 0
    /// Not later than the first of the questions was asked.
    private var oldest: Int64 = 0
    private var users: [UInt32: UserNames] = [:]
    /// Sockets that a thread is still asking, by the number of the question that was given up.
    private var occupied: [UInt64: UInt64] = [:]
    private var pauses = LeaderPauses()
    private var idle: [Worker] = []
    private var threadCount = 0
    /// What was asked for requests that were given up, to be closed.
    var released: [SharedDescriptor] = []

    init() throws(Errno) { answers = try NameAnswers() }

    var isEmpty: Bool { questions.isEmpty }

    /// When there is something to do here again without an answer.
    var nextStep: Int64? {
        guard !questions.isEmpty else { return nil }
        var next = oldest + Bounds.patienceMicroseconds
        for user in users.values where user.threads < Bounds.threadsPerUser {
            next = min(next, user.progress + Bounds.stallMicroseconds)
        }
        return next
    }

    /// What the leader may ask by itself; nil where that is for a thread, or in vain.
    func question(_ message: Inbound, quality: Bool, at time: Int64) -> NameQuestion? {
        let uid = message.connection.user.uid
        guard let socket = message.first, let cookie = message.cookie,
            users.isEmpty || (users[uid]?.threads ?? 0) == 0, threadCount < Bounds.threads,
            pauses.mayWait(for: uid, at: time),
            occupied.isEmpty || !occupied.values.contains(cookie)
        else { return nil }
        lastNumber += 1
        return NameQuestion(number: lastNumber, socket: socket, quality: quality)
    }

    /// A socket of this user has made the leader wait.
    func noteWait(of uid: UInt32, from start: Int64, to end: Int64) {
        pauses.note(uid, from: start, to: end)
    }

    /// Takes a message over that the leader has asked for, and is kept waiting: its thread is one
    /// of this user's from now on.
    func leave(
        _ question: NameQuestion, to message: Inbound, since start: Int64, at time: Int64
    ) {
        let uid = message.connection.user.uid
        noteWait(of: uid, from: start, to: time)
        wait(question.number, message, since: start)
        var user = users[uid] ?? UserNames()
        user.threads += 1
        user.progress = time
        users[uid] = user
        threadCount += 1
    }

    private func wait(_ number: UInt64, _ message: Inbound, since time: Int64) {
        if questions.isEmpty { oldest = time }
        questions[number] = Question(message: message, since: time)
    }

    /// Takes a message whose socket a thread is to ask. False where that is known to be in vain.
    func ask(_ message: Inbound, quality: Bool, at time: Int64) -> Bool {
        guard let socket = message.first, let cookie = message.cookie,
            !occupied.values.contains(cookie)
        else { return false }
        lastNumber += 1
        wait(lastNumber, message, since: time)
        let uid = message.connection.user.uid
        let user = users[uid] ?? UserNames()
        users[uid] = user
        user.queue.add(NameQuestion(number: lastNumber, socket: socket, quality: quality))
        putThread(to: uid, at: time)
        return true
    }

    /// The messages whose sockets were asked, or have kept us waiting for too long.
    func take(at time: Int64) -> [Inbound] {
        var messages: [Inbound] = []
        for answer in answers.take() {
            users[answer.uid]?.progress = time
            if let asked = answer.asked {
                occupied[asked.question.number] = nil
                if let question = questions.removeValue(forKey: asked.question.number) {
                    question.message.names = .known(asked.names)
                    messages.append(question.message)
                } else {
                    released.append(asked.question.socket)
                }
            }
            if answer.isLast { retire(answer.worker, of: answer.uid) }
        }
        messages += giveUp(at: time)
        for uid in users.keys { putThread(to: uid, at: time) }
        return messages
    }

    /// Those that have waited too long.
    private func giveUp(at time: Int64) -> [Inbound] {
        guard !questions.isEmpty, time - oldest >= Bounds.patienceMicroseconds else { return [] }
        var messages: [Inbound] = []
        for number in questions.keys.sorted() {
            guard let question = questions[number] else { continue }
            guard time - question.since >= Bounds.patienceMicroseconds else {
                oldest = question.since
                break
            }
            questions[number] = nil
            let message = question.message
            message.names = .occupied
            messages.append(message)
            let queue = users[message.connection.user.uid]?.queue
            if queue?.remove(number) == false { occupied[number] = message.cookie }
        }
        return messages
    }

    /// A thread is done with the questions of a user; without a worker it was the leader's.
    private func retire(_ worker: Worker?, of uid: UInt32) {
        threadCount -= 1
        if let worker, idle.count < Bounds.idleThreads { idle.append(worker) }
        users[uid]?.threads -= 1
        if let user = users[uid], user.threads == 0, user.queue.isEmpty { users[uid] = nil }
    }

    private func putThread(to uid: UInt32, at time: Int64) {
        guard let user = users[uid],
            user.threads == 0 || time - user.progress >= Bounds.stallMicroseconds
        else { return }
        users[uid]?.progress = time
        guard !user.queue.isEmpty, user.threads < Bounds.threadsPerUser,
            threadCount < Bounds.threads, let worker = idle.popLast() ?? newWorker()
        else { return }
        users[uid]?.threads += 1
        threadCount += 1
        let (queue, answers) = (user.queue, answers)
        worker.add { queue.work(for: answers, of: uid, as: worker) }
    }

    /// Nil for want of memory: what waits is tried again.
    private func newWorker() -> Worker? {
        do throws(Errno) {
            return try Worker()
        } catch {
            return nil
        }
    }
}

/// What a request's decision knows of the names of its socket.
enum NamesFact {
    /// They can be asked for without a wait, or there is no socket.
    case notAsked
    case known(SocketNames)
    /// They could not be had.
    case occupied
}

/// A socket whose names are to be asked for.
struct NameQuestion: Sendable {
    let number: UInt64
    let socket: SharedDescriptor
    let quality: Bool

    /// Can wait without end.
    func names() -> SocketNames { Sockets.names(of: socket.descriptor, quality: quality) }
}

/// What one user's requests ask, for the threads that are put to it.
private final class NameQueue: Sendable {
    private let questions = Mutex<[NameQuestion]>([])

    var isEmpty: Bool { questions.withLock { $0.isEmpty } }

    func add(_ question: NameQuestion) {
        questions.withLock { $0.append(question) }
    }

    /// False where a thread has taken it.
    func remove(_ number: UInt64) -> Bool {
        questions.withLock { questions in
            guard let index = questions.firstIndex(where: { $0.number == number }) else {
                return false
            }
            questions.remove(at: index)
            return true
        }
    }

    private func next() -> NameQuestion? {
        questions.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }

    /// Until nothing is left. The last answer tells that the worker is free.
    func work(for answers: NameAnswers, of uid: UInt32, as worker: Worker) {
        var isLast = false
        var asked: NameAnswers.Asked?
        repeat {
            let question = next()
            isLast = question == nil
            if asked != nil || isLast {
                answers.put(
                    NameAnswers.Answer(
                        uid: uid, asked: asked, isLast: isLast, worker: isLast ? worker : nil))
            }
            asked = question.map { NameAnswers.Asked(question: $0, names: $0.names()) }
        } while !isLast
    }
}

/// Where the threads leave what they were told.
final class NameAnswers: Sendable {
    fileprivate struct Asked: Sendable {
        let question: NameQuestion
        let names: SocketNames
    }

    fileprivate struct Answer: Sendable {
        let uid: UInt32
        /// Nil where there was nothing left to ask.
        let asked: Asked?
        /// The thread that has asked has nothing more to do.
        let isLast: Bool
        let worker: Worker?
    }

    let event: EventDescriptor
    private let answers = Mutex<[Answer]>([])

    init() throws(Errno) { event = try EventDescriptor() }

    /// From a thread that was the leader's when it began to ask.
    func put(_ names: SocketNames, to question: NameQuestion, for uid: UInt32) {
        put(
            Answer(
                uid: uid, asked: Asked(question: question, names: names), isLast: true,
                worker: nil))
    }

    fileprivate func put(_ answer: Answer) {
        let isFirst = answers.withLock { answers in
            answers.append(answer)
            return answers.count == 1
        }
        if isFirst { event.signal() }
    }

    fileprivate func take() -> [Answer] {
        event.drain()
        return answers.withLock { answers in
            defer { answers.removeAll(keepingCapacity: true) }
            return answers
        }
    }
}
