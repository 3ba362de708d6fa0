import TestSupport
import Testing

@testable import Transport

/// Does what systemd's descriptor store does: drops a second descriptor of one socket, evicts on
/// hang-up unless FDPOLL=0 came with it, keeps no more than its capacity, and removes by name.
final class DescriptorStore {
    struct Entry {
        let name: String
        let socket: SharedDescriptor
        let cookie: UInt64
        let isPolled: Bool
    }

    let capacity: Int
    /// Whether the service is told the capacity, as by systemd since version 254.
    let isTold: Bool
    private(set) var entries: [Entry] = []
    private(set) var removedNames: [String] = []
    private let buffer = MessageBuffer(byteCapacity: 4096)

    init(capacity: Int, isTold: Bool = true) {
        self.capacity = capacity
        self.isTold = isTold
    }

    /// Works off the next message. False once a barrier came.
    func takeNext(from notifications: SharedDescriptor) throws -> Bool {
        try Waiting.forInput("the coordinator tells the manager something", from: notifications)
        let received = try Connection(adopting: notifications.descriptor.duplicate())
            .receive(into: buffer, wait: false)
        guard case .message(var message) = received else { throw Missing(what: "a message") }
        let lines = buffer.withBytes(count: message.byteCount) { bytes in
            String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
        }.split(separator: "\n").map(String.init)
        let name = lines.first { $0.hasPrefix("FDNAME=") }.map { String($0.dropFirst(7)) }
        if lines.contains("BARRIER=1") { return false }
        if lines.contains("FDSTOREREMOVE=1") {
            removedNames.append(try #require(name))
            entries.removeAll { $0.name == name }
        }
        if lines.contains("FDSTORE=1") {
            let came = SharedDescriptor(optional: message.first.take())
            try add(try #require(came), try #require(name), isPolled: !lines.contains("FDPOLL=0"))
        }
        return true
    }

    private func add(_ socket: SharedDescriptor, _ name: String, isPolled: Bool) throws {
        let cookie = try Sockets.cookie(of: socket.descriptor)
        let isDuplicate = entries.contains { $0.cookie == cookie }
        guard !isDuplicate, entries.count < capacity else { return }
        entries.append(Entry(name: name, socket: socket, cookie: cookie, isPolled: isPolled))
    }

    /// What epoll(7) tells it: POLLHUP or POLLERR on what it polls.
    func evictHungUp() throws {
        try entries.removeAll { entry in
            guard entry.isPolled else { return false }
            let events = try entry.socket.withNumber {
                try Syscalls.poll($0, events: 0, timeoutMilliseconds: 0)
            }
            return events != 0
        }
    }
}
