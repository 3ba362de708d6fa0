internal import CWinsock2
internal import Transport
internal import Winsock

/// A manual-reset event object. It lives on while a registration of network events or a wait has
/// it, whoever closes its handle. Winsock: WSACreateEvent.
final class EventObject: Sendable {
    private let event: EventDescriptor

    init() throws(Errno) { event = try EventDescriptor() }

    /// To wait for until it is readable, which is while the object is signalled.
    var number: Int32 { event.withNumber { $0 } }

    /// The program has closed its descriptor, or put something else under its number.
    var isLost: Bool { event.isLost() }

    func set() { event.signal() }

    func reset() { event.drain() }
}

/// The event objects of this process by their handles. A child made by fork(2) has them too: what
/// one process sets is set in both.
struct EventTable: Sendable {
    private var objects: [UInt: EventObject] = [:]
    private var last: UInt = 0

    /// Nil also for one whose descriptor is the program's by now.
    subscript(handle: HANDLE?) -> EventObject? {
        guard let object = objects[UInt(bitPattern: handle)], !object.isLost else { return nil }
        return object
    }

    /// Handles are not given twice, and are multiples of four as on Windows.
    mutating func add(_ object: EventObject) -> HANDLE? {
        last += 4
        objects[last] = object
        return unsafe HANDLE(bitPattern: last)
    }

    mutating func remove(_ handle: HANDLE?) -> EventObject? {
        objects.removeValue(forKey: UInt(bitPattern: handle))
    }
}

extension Library {
    static let events = ForkSafeLock(EventTable())

    /// Winsock: WSA_INVALID_HANDLE.
    static func event(_ handle: HANDLE?) throws(CallFailure) -> EventObject {
        guard let object = events.withLock({ unsafe $0[handle] }) else {
            throw CallFailure(.invalidHandle, "that is no handle of an event object")
        }
        return object
    }
}
