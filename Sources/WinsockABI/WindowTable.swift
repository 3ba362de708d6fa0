internal import CWinsock2
internal import Transport
internal import Winsock

/// The function of a class of windows.
@safe struct WindowProcedure: @unchecked Sendable {
    // Unchecked because it is C code, of whose threads nothing is known but what Windows asks: it
    // runs on the thread of its window.
    let call: @convention(c) (HWND?, UINT, WPARAM, LPARAM) -> LRESULT
}

/// A message-only window.
struct Window: Sendable {
    let className: String
    let procedure: WindowProcedure
    /// Of the thread that made it.
    let queue: UInt64
    /// How many registrations of network events there are for each message it gets by them.
    var registrationCounts: [UInt32: Int] = [:]
}

/// The classes and windows of this process, and the queues of its threads. A child made by fork(2)
/// has the classes, since they are code, and none of the windows, which belong to threads of its
/// parent.
struct WindowTable: Sendable {
    struct Class: Sendable {
        let name: String
        let procedure: WindowProcedure
        let atom: UInt16
    }

    /// The process whose windows these are.
    private var owner: OwnProcess?
    private var classes: [Class] = []
    private var windows: [UInt: Window] = [:]
    private var queues: [UInt64: MessageQueue] = [:]
    private var lastWindow: UInt = 0x1_0000
    private var lastQueue: UInt64 = 0
    private var lastAtom: UInt16 = 0xBFFF

    subscript(window: UInt) -> Window? {
        get { windows[window] }
        set { windows[window] = newValue }
    }

    /// Must come first in a process.
    mutating func belong(to process: OwnProcess) {
        guard owner != process else { return }
        owner = process
        windows = [:]
        queues = [:]
    }

    // MARK: - Classes

    /// The atom that names the class too; nil when it exists.
    mutating func register(_ name: String, _ procedure: WindowProcedure) -> UInt16? {
        guard self.class(.name(name)) == nil, lastAtom < UInt16.max else { return nil }
        lastAtom += 1
        classes.append(Class(name: name, procedure: procedure, atom: lastAtom))
        return lastAtom
    }

    func `class`(_ name: WindowClassName) -> Class? {
        classes.first { candidate in
            switch name {
            case .name(let name): candidate.name == name
            case .atom(let atom): candidate.atom == atom
            }
        }
    }

    func hasWindows(_ name: String) -> Bool { windows.values.contains { $0.className == name } }

    mutating func unregister(_ name: String) { classes.removeAll { $0.name == name } }

    // MARK: - Windows and queues

    /// The new window's handle; they are not given twice.
    mutating func add(_ window: Window) -> UInt {
        lastWindow += 2
        windows[lastWindow] = window
        return lastWindow
    }

    func queue(_ identifier: UInt64) -> MessageQueue? { queues[identifier] }

    mutating func add(_ queue: MessageQueue) -> UInt64 {
        lastQueue += 1
        queues[lastQueue] = queue
        return lastQueue
    }

    /// The thread of the queue has ended, and its windows with it.
    mutating func remove(queue: UInt64) {
        queues[queue] = nil
        windows = windows.filter { $0.value.queue != queue }
    }
}

/// How a program names a class. Windows: MAKEINTATOM.
enum WindowClassName: Sendable, Hashable {
    /// In lower case, since Windows compares without case.
    case name(String)
    case atom(UInt16)
}

extension Library {
    /// To be used by `withWindows`, and by a fork.
    static let windowLock = ForkSafeLock(WindowTable())

    /// The windows of the calling process.
    static func withWindows<R, E: Error>(
        _ body: (inout WindowTable) throws(E) -> R
    ) throws(E) -> R {
        try windowLock.withLock { (table) throws(E) in
            table.belong(to: .current)
            return try body(&table)
        }
    }

    /// The queue of the calling thread, made with its first call; it goes with the thread.
    static func ownQueue() throws(CallFailure) -> (identifier: UInt64, queue: MessageQueue) {
        let known = ThreadState.messageQueue
        if let queue = withWindows({ $0.queue(known) }) { return (known, queue) }
        return try asking { () throws(Errno) in
            let queue = try MessageQueue()
            let identifier = withWindows { $0.add(queue) }
            do throws(Errno) {
                try ThreadState.setMessageQueue(identifier) { ended in
                    Library.withWindows { $0.remove(queue: ended) }
                }
            } catch {
                withWindows { $0.remove(queue: identifier) }
                throw error
            }
            return (identifier, queue)
        }
    }

    /// Puts a message into the queue of a window's thread.
    /// Windows: PostMessage, ERROR_INVALID_WINDOW_HANDLE, ERROR_NOT_ENOUGH_QUOTA.
    static func post(
        _ message: UInt32, to window: UInt, _ wParameter: UInt, _ lParameter: Int
    ) throws(CallFailure) {
        let queue = withWindows { table in
            table[window].flatMap { table.queue($0.queue) }
        }
        guard let queue else { throw CallFailure(.invalidWindow, "there is no such window") }
        try post(message, to: window, wParameter, lParameter, into: queue)
    }

    /// Windows: GetTickCount.
    static func post(
        _ message: UInt32, to window: UInt, _ wParameter: UInt, _ lParameter: Int,
        into queue: MessageQueue
    ) throws(CallFailure) {
        let time = UInt32(truncatingIfNeeded: Clock.bootMicroseconds() / 1000)
        let posted = PostedMessage(
            window: window, message: message, wParameter: wParameter, lParameter: lParameter,
            time: time)
        guard queue.post(posted) else {
            throw CallFailure(.quotaExceeded, "the queue of that thread is full")
        }
    }
}

extension WSAError {
    // Windows: System Error Codes.

    /// ERROR_ACCESS_DENIED
    static let notOwnWindow = WSAError(rawValue: 5)
    /// ERROR_INVALID_WINDOW_HANDLE
    static let invalidWindow = WSAError(rawValue: 1400)
    /// ERROR_CANNOT_FIND_WND_CLASS
    static let classNotFoundForWindow = WSAError(rawValue: 1407)
    /// ERROR_CLASS_ALREADY_EXISTS
    static let classAlreadyExists = WSAError(rawValue: 1410)
    /// ERROR_CLASS_DOES_NOT_EXIST
    static let classDoesNotExist = WSAError(rawValue: 1411)
    /// ERROR_CLASS_HAS_WINDOWS
    static let classHasWindows = WSAError(rawValue: 1412)
    /// ERROR_NOT_ENOUGH_QUOTA
    static let quotaExceeded = WSAError(rawValue: 1816)
}
