import Synchronization
import Transport

/// Asks sockets for their names on threads of its own: such a call waits for as long as somebody
/// else's call on the socket does, which can be for ever, and no signal ends it.
///
/// The threads of one user take what its requests bring one after the other. One that does not come
/// back is joined by another, up to a bound, so that each user waits for itself alone.
final class SocketNamer {
    private enum Bounds {
        /// How long a request waits for the names of its socket, before it is refused.
        static let patienceMicroseconds: Int64 = 2_000_000
        /// After so long without an answer one more thread is put to it.
        static let stallMicroseconds: Int64 = 20_000
        static let threadsPerUser = 8
        static let threads = 64
        /// How long the names of a settled socket are taken to be what they were.
        static let freshMicroseconds: Int64 = 1_000_000
        /// Of so many sockets it is known when they were asked.
        static let askedMaximum = 4096
        /// Threads that wait for work, so that it begins at once.
        static let idleThreads = 4
    }

    /// A request that waits for the names of its socket.
    private struct Question {
        var message: Inbound
        var cookie: UInt64
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
    /// When the names of a socket were asked for last, by its cookie.
    private var asked: [UInt64: Int64] = [:]
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

    /// Whether the socket has told its names a moment ago.
    func isFresh(_ cookie: UInt64, at time: Int64) -> Bool {
        asked[cookie].map { time - $0 < Bounds.freshMicroseconds } ?? false
    }

    /// Takes a message whose socket is to be asked. False where that is known to be in vain.
    func ask(
        _ message: Inbound, _ socket: SharedDescriptor, cookie: UInt64, quality: Bool,
        at time: Int64
    ) -> Bool {
        guard !occupied.values.contains(cookie) else { return false }
        lastNumber += 1
        if questions.isEmpty { oldest = time }
        questions[lastNumber] = Question(message: message, cookie: cookie, since: time)
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
                    var message = question.message
                    message.names = .known(asked.names)
                    messages.append(message)
                    if self.asked.count >= Bounds.askedMaximum { self.asked.removeAll() }
                    self.asked[question.cookie] = question.since
                } else {
                    released.append(asked.question.socket)
                }
            }
            if let worker = answer.worker { retire(worker, of: answer.uid) }
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
            var message = question.message
            message.names = .occupied
            messages.append(message)
            let queue = users[message.connection.user.uid]?.queue
            if queue?.remove(number) == false { occupied[number] = question.cookie }
        }
        return messages
    }

    private func retire(_ worker: Worker, of uid: UInt32) {
        threadCount -= 1
        if idle.count < Bounds.idleThreads { idle.append(worker) }
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
    /// They can be asked for at once, or there is no socket.
    case notAsked
    case known(SocketNames)
    /// They could not be had.
    case occupied
}

/// A socket whose names are to be asked for.
private struct NameQuestion: Sendable {
    let number: UInt64
    let socket: SharedDescriptor
    let quality: Bool
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
                    NameAnswers.Answer(uid: uid, asked: asked, worker: isLast ? worker : nil))
            }
            asked = question.map { question in
                NameAnswers.Asked(
                    question: question,
                    names: Sockets.names(
                        of: question.socket.descriptor, quality: question.quality))
            }
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
        /// The worker that has nothing more to do.
        let worker: Worker?
    }

    let event: EventDescriptor
    private let answers = Mutex<[Answer]>([])

    init() throws(Errno) { event = try EventDescriptor() }

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
