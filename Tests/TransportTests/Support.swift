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
    }

    let summary: Summary
    var first: Descriptor?
    var second: Descriptor?
    let descriptorCount: Int

    init(_ message: consuming Message, bytes: [UInt8]) {
        summary = Summary(
            bytes: bytes, isTruncated: message.isTruncated,
            isControlTruncated: message.isControlTruncated, credentials: message.credentials,
            surplus: message.surplus)
        first = message.first.take()
        second = message.second.take()
        descriptorCount =
            (first == nil ? 0 : 1) + (second == nil ? 0 : 1) + summary.surplus
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
    switch try connection.receive(into: buffer, wait: wait) {
    case .nothing: throw TestFailure.noMessage
    case .endOfFile: throw TestFailure.noMessage
    case .message(let message):
        let bytes = buffer.withBytes(count: message.byteCount) { span in
            span.indices.map { span[$0] }
        }
        return ReceivedMessage(message, bytes: bytes)
    }
}

/// Fails when the body changes the count of descriptors; for exit tests, where nobody else does.
func expectNoLeak(
    _ what: Comment, file: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) throws {
    // Once before counting: what is made once and kept is no leak.
    try body()
    let before = try HostFacts.openDescriptorCount()
    try body()
    let after = try HostFacts.openDescriptorCount()
    #expect(after == before, what, sourceLocation: file)
}
