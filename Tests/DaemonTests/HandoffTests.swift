import Baton
import Daemon
import Journal
import Logging
import Registry
import Testing
import Transport
import Winsock

@Suite struct HandoffTests {
    @Test func `a socket handed to oneself is the same socket, and the log has it all`() throws {
        let directory = "/tmp/baton-test-\(HostFacts.ownPID())-\(Clock.monotonicNanoseconds())"
        var logger = Logger(label: "test")
        logger.logLevel = .trace
        let configuration = DaemonConfiguration(
            socketPath: directory + "/s", databasePath: directory + "/d.db", logger: logger)
        let running = try RunningDaemon(configuration)
        let client = Client(socketPath: directory + "/s")
        let listener = try Sockets.listen("127.0.0.1:0")
        let cookie = try Sockets.cookie(of: listener)
        let info = try client.duplicate(
            descriptor: listener.withNumber { $0 }, for: .current)
        let socket = try client.open(info)
        #expect(socket.cookie == cookie)
        client.close(socket)
        for (key, value) in try client.status() { print(key, value) }
        #expect(throws: BatonError.self) { _ = try client.open(info) }
        try running.stop()
        let reader = try LogReader(path: directory + "/d.db")
        let events = try reader.page(HistoryQuery(), from: 0).events
        for event in events { print(String(decoding: event.body, as: UTF8.self)) }
        #expect(events.map(\.kind).contains(.handoffDelivered))
    }
}

final class RunningDaemon: Sendable {
    let stopper: Stopper
    let finished: SharedDescriptor
    let result = ResultBox()

    init(_ configuration: DaemonConfiguration) throws {
        var pipe = try Pipe()
        guard let reader = pipe.reader.take(), let writer = pipe.writer.take() else {
            throw Errno.badDescriptor
        }
        finished = SharedDescriptor(reader)
        let done = SharedDescriptor(writer)
        let box = StopperBox()
        let result = result
        let ready = try EventDescriptor2()
        try Threads.start {
            do {
                let daemon = try Daemon(configuration)
                box.stopper.withLock { $0 = daemon.stopper }
                ready.signal()
                try daemon.run()
            } catch {
                result.error.withLock { $0 = error }
                ready.signal()
            }
            _ = try? done.descriptor.write([1])
        }
        ready.wait()
        if let error = result.error.withLock({ $0 }) { throw error }
        stopper = box.stopper.withLock { $0 }!
    }

    func stop() throws {
        stopper.stop()
        _ = try finished.descriptor.read(exactly: 1)
        if let error = result.error.withLock({ $0 }) { throw error }
    }
}
import Synchronization
final class StopperBox: Sendable { let stopper = Mutex<Stopper?>(nil) }
final class ResultBox: Sendable { let error = Mutex<(any Error)?>(nil) }
final class EventDescriptor2: Sendable {
    let a: SharedDescriptor, b: SharedDescriptor
    init() throws { var p = try Pipe(); a = SharedDescriptor(p.reader.take()!); b = SharedDescriptor(p.writer.take()!) }
    func signal() { _ = try? b.descriptor.write([1]) }
    func wait() { _ = try? a.descriptor.read(exactly: 1) }
}
