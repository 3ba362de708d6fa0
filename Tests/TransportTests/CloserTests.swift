import Glibc
import TestSupport
import Testing

@testable import Transport

struct CloserTests {
    @Test(.timeLimit(.minutes(5)))
    func `a socket that lingers keeps nobody waiting, and sends what it has`() async {
        await #expect(processExitsWith: .success) {
            let (near, far) = try lingering()
            #expect(near.withNumber { ClosingWait($0) } == .linger)
            let closer = Closer()
            var batch = [near]
            _ = consume near
            closer.close(&batch)
            #expect(batch.isEmpty)
            closer.finish()
            #expect(closer.pendingCount == 0)
            #expect(try far.descriptor.readToEnd().count > 65_536)
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `nor does one in the queue of another`() async {
        await #expect(processExitsWith: .success) {
            let (near, far) = try lingering()
            let (one, other) = try Sockets.pair(.sequencedPacket).take {
                (SharedDescriptor($0), SharedDescriptor($1))
            }
            #expect(other.withNumber { ClosingWait($0) } == .nothing)
            try Connection(adopting: one.descriptor.duplicate())
                .send([1].span, passing: near.descriptor, wait: true)
            _ = consume near
            #expect(other.withNumber { ClosingWait($0) } == .linger)
            let closer = Closer()
            var batch = [one, other]
            _ = consume one
            _ = consume other
            closer.close(&batch)
            closer.finish()
            #expect(try far.descriptor.readToEnd().count > 65_536)
        }
    }

    /// More than are looked at, and more than one exit closes.
    @Test(.timeLimit(.minutes(5)))
    func `one that lingers among many keeps nobody waiting`() async {
        await #expect(processExitsWith: .success) {
            let (near, far) = try lingering()
            let before = try openDescriptors().count
            let closer = Closer()
            var batch = try (0..<300).map { _ in
                SharedDescriptor(try Sockets.pair(.stream).takeFirst())
            }
            batch.append(near)
            _ = consume near
            closer.close(&batch)
            closer.finish()
            #expect(closer.pendingCount == 0)
            #expect(try openDescriptors().count == before - 1)
            #expect(try far.descriptor.readToEnd().count > 65_536)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "packet sockets need root"))
    func `a socket of a family that closes slowly is closed by an exit`() async {
        await #expect(processExitsWith: .success) {
            let before = try openDescriptors()
            let closer = Closer()
            for _ in 0..<200 {
                let packet = try Syscalls.descriptor {
                    socket(AF_PACKET, CInt(SOCK_RAW.rawValue), 0)
                }
                #expect(packet.withNumber { ClosingWait($0) } == .linger)
                closer.close(packet)
            }
            closer.finish()
            #expect(closer.pendingCount == 0)
            #expect(try openDescriptors() == before)
        }
    }

    @Test func `files are closed by threads of their own, beyond their bound as well`() async {
        await #expect(processExitsWith: .success) {
            let before = try openDescriptors()
            let closer = Closer()
            for _ in 0..<200 {
                let file = try Syscalls.open("/dev/null", flags: O_RDONLY)
                #expect(file.withNumber { ClosingWait($0) } == .file)
                closer.close(file)
            }
            closer.finish()
            #expect(closer.pendingCount == 0)
            #expect(try openDescriptors() == before)
        }
    }

    @Test func `what waits for nothing is known`() throws {
        let socket = try Sockets.listen("127.0.0.1:0")
        #expect(socket.withNumber { ClosingWait($0) } == .nothing)
        let process = try ProcessHandle(pid: getpid())
        #expect(process.withNumber { ClosingWait($0) } == .nothing)
        let event = try Syscalls.blockingEventDescriptor()
        #expect(event.withNumber { ClosingWait($0) } == .nothing)
        var pipe = try Pipe()
        let reader = try required(pipe.reader.take())
        #expect(reader.withNumber { ClosingWait($0) } == .nothing)
    }

    @Test func `finish closes everything, and a closer can be used again`() async {
        await #expect(processExitsWith: .success) {
            let before = try openDescriptors()
            let closer = Closer()
            for _ in 0..<2 {
                for _ in 0..<100 { closer.close(try Sockets.pair(.stream).takeFirst()) }
                closer.finish()
                #expect(closer.pendingCount == 0)
                #expect(try openDescriptors() == before)
            }
            closer.finish()
        }
    }

    @Test func `the end of a closer waits for what it holds`() async {
        await #expect(processExitsWith: .success) {
            let before = try openDescriptors()
            do {
                let closer = Closer()
                for _ in 0..<100 { closer.close(try Sockets.pair(.stream).takeFirst()) }
            }
            #expect(try openDescriptors() == before)
        }
    }

    @Test func `a child made by fork closes with a thread of its own`() async {
        await #expect(processExitsWith: .success) {
            let closer = Closer()
            closer.close(try Sockets.pair(.stream).takeFirst())
            while closer.pendingCount > 0 { sched_yield() }
            let passed = SharedDescriptor(try Sockets.pair(.stream).takeFirst())
            let child = try TestingFork.run {
                do throws(Errno) {
                    let before = try HostFacts.openDescriptorCount()
                    for _ in 0..<100 { closer.close(try passed.descriptor.duplicate()) }
                    closer.finish()
                    // The wake-up of the parent's thread goes, if that thread left the lock free.
                    let left = try before - HostFacts.openDescriptorCount()
                    return left == 0 || left == 1 ? 0 : 1
                } catch {
                    return 2
                }
            }
            #expect(try ExitStatus(rawStatus: TestingFork.wait(child)) == .code(0))
        }
    }
}

/// In parts, so that one of them can be given away.
private func lingering() throws -> (near: SharedDescriptor, far: SharedDescriptor) {
    let socket = try LingeringSocket()
    return (socket.near, socket.far)
}
