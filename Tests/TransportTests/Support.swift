import Testing

@testable import Transport

/// A directory of one test, removed with all that is in it.
struct TemporaryDirectory: ~Copyable {
    let path: String

    init() throws {
        path = "/tmp/transport-\(String(randomUInt64(), radix: 16))"
        try SystemFiles.makeDirectories(path, mode: 0o700)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// What a test leaves behind, in the order in which it can be removed.
    func remove(_ names: String...) throws {
        for name in names { try SystemFiles.remove(file(name)) }
        try SystemFiles.removeDirectory(path)
    }
}

/// A message taken apart, because `#expect` looks into copyable values only.
struct ReceivedMessage: ~Copyable {
    struct Summary: Equatable {
        var bytes: [UInt8]
        var isTruncated: Bool
        var isControlTruncated: Bool
        var credentials: Peer?
        var surplus: Int
        var isLeft: Bool
    }

    let summary: Summary
    var first: Descriptor?
    var second: Descriptor?
    let descriptorCount: Int

    init(_ message: consuming Message, bytes: [UInt8]) {
        summary = Summary(
            bytes: bytes, isTruncated: message.isTruncated,
            isControlTruncated: message.isControlTruncated, credentials: message.credentials,
            surplus: message.surplus, isLeft: message.isLeft)
        first = message.first.take()
        second = message.second.take()
        descriptorCount =
            (first == nil ? 0 : 1) + (second == nil ? 0 : 1) + summary.surplus
    }
}

/// O_PATH, which the overlay leaves out: open(2).
let openPathOnly: CInt = 0o10_000_000

/// What `#expect` cannot ask of a noncopyable value.
func isAbsent<Value: ~Copyable>(_ value: consuming Value?) -> Bool {
    switch consume value {
    case nil: true
    case .some: false
    }
}

enum TestFailure: Error {
    case noMessage
    case noValue
}

/// Unwraps what `#require` cannot: a noncopyable value.
func required<Value: ~Copyable>(_ value: consuming Value?) throws -> Value {
    guard let value else { throw TestFailure.noValue }
    return value
}

/// Receives what must be a message.
func receiveMessage(
    _ connection: borrowing Connection, byteCapacity: Int = 4096, closer: Closer = .shared,
    wait: Bool = true
) throws -> ReceivedMessage {
    let buffer = MessageBuffer(byteCapacity: byteCapacity, closer: closer)
    return try takenApart(try connection.receive(into: buffer, wait: wait), in: buffer)
}

/// The same with at most two descriptors.
func receiveAtMostTwoDescriptors(
    _ connection: borrowing Connection, closer: Closer = .shared, lookingFirst: Bool = true
) throws -> ReceivedMessage {
    let buffer = MessageBuffer(byteCapacity: 4096, closer: closer)
    return try takenApart(
        try connection.receiveAtMostTwoDescriptors(into: buffer, lookingFirst: lookingFirst),
        in: buffer)
}

private func takenApart(
    _ received: consuming Received, in buffer: MessageBuffer
) throws -> ReceivedMessage {
    switch consume received {
    case .nothing: throw TestFailure.noMessage
    case .endOfFile: throw TestFailure.noMessage
    case .message(let message):
        let bytes = buffer.withBytes(count: message.byteCount) { span in
            span.indices.map { span[$0] }
        }
        return ReceivedMessage(message, bytes: bytes)
    }
}

/// The descriptors of this process, for exit tests only, where no other test runs. Without those
/// that the runtime of the tests makes and drops as it likes: `expectNoLeak` is for such.
func openDescriptors() throws -> [Int32] {
    try settledRuntime.get()
    return try ownDescriptors()
}

/// The runtime opens and drops descriptors of its own while an exit test starts: this waits, once,
/// until they have been the same for a while.
private let settledRuntime = Result {
    var last: [Int32] = []
    var unchanged = 0
    for _ in 0..<400 where unchanged < 10 {
        let now = try ownDescriptors()
        unchanged = now == last ? unchanged + 1 : 0
        last = now
        Clock.sleep(milliseconds: 2)
    }
}

private func ownDescriptors() throws -> [Int32] {
    try HostFacts.openDescriptors().filter { number in
        do throws(Errno) {
            let name = try Syscalls.readLink("/proc/self/fd/\(number)", relativeTo: -1)
            return !["[timerfd]", "[eventfd]", "[eventpoll]"].contains {
                name == Array("anon_inode:\($0)".utf8)
            }
        } catch {
            return false
        }
    }
}

/// Fails when repeating the body makes descriptors stay, one in ten times already. For exit tests.
func expectNoLeak(
    _ what: Comment, repetitions: Int = 1000, location: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) throws {
    // Once before counting: what is made once and kept is no leak.
    try body()
    let before = try HostFacts.openDescriptorCount()
    for _ in 0..<repetitions { try body() }
    let after = try HostFacts.openDescriptorCount()
    #expect(after < before + repetitions / 10, what, sourceLocation: location)
}
