import Testing
import Wire

@testable import Drive
@testable import Transport

/// A process of the cast says what it could not do.
@Suite struct ActorTests {
    @Test func `a descriptor that does not arrive is not kept`() throws {
        let (ours, theirs) = try Connection.pair().take { (first, second) throws(Errno) in
            (SharedConnection(first), SharedDescriptor(second.takeDescriptor()))
        }
        let actor = DriveActor(channel: try theirs.descriptor.duplicate(), socketPath: "/nowhere")
        for request in [ActorRequest(.keep, first: 1), ActorRequest(.exit, counter: 7)] {
            try ours.connection.send(request.bytes.span, wait: true)
        }
        #expect(try actor.run(as: nil) == 7)
        let greeting = try next(from: ours)
        #expect(greeting == [ActorOutcome.done.rawValue])
        let answer = try next(from: ours)
        #expect(answer.first == ActorOutcome.failed.rawValue)
        #expect(String(decoding: answer.dropFirst(), as: UTF8.self).hasPrefix("EBADF"))
    }

    private func next(from connection: SharedConnection) throws -> [UInt8] {
        let buffer = MessageBuffer(byteCapacity: Frame.byteCountMaximum)
        guard
            case .message(let message) = try connection.connection.receive(into: buffer, wait: true)
        else { return [] }
        return buffer.withBytes(count: message.byteCount) { span in
            span.indices.map { span[$0] }
        }
    }
}
