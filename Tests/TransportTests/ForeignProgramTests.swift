import Glibc
import Testing

@testable import Transport

/// Each in a process of its own: there is no way back from being somebody else's program.
struct ForeignProgramTests {
    @Test func `what a program closed is not closed again, and what it put there stays`() async {
        await #expect(processExitsWith: .success) {
            ForeignProgram.enter()
            let other = try EventDescriptor()
            var file: Int32 = -1
            do {
                let event = try EventDescriptor()
                let timer = try TimerDescriptor()
                let poller = try Poller()
                try poller.add(event, token: .init(index: 0, generation: 0), interest: .readable)
                let arePresent = [event.isLost(), timer.isLost(), poller.isLost()]
                #expect(arePresent == [false, false, false])
                // One of the same kind, without a mark.
                let plain = try Syscalls.blockingEventDescriptor()
                let number = event.withNumber { $0 }
                let moved = plain.withNumber { dup2($0, number) }
                #expect(moved == number)
                file = moved
                let closed = (
                    timer.withNumber { close($0) }, poller.withNumber { close($0) }
                )
                #expect(closed == (0, 0))
                let areLost = [event.isLost(), timer.isLost(), poller.isLost()]
                #expect(areLost == [true, true, true])
                event.signal()
                let polled = try plain.withNumber {
                    try Syscalls.poll($0, events: POLLIN, timeoutMilliseconds: 0)
                }
                #expect(polled == 0)
                // Would wait for ever.
                event.drain()
                timer.set(bootMicroseconds: 1)
                timer.drain()
                do throws(Errno) {
                    _ = try poller.wait(
                        into: EventBuffer(capacity: 1), timeoutMilliseconds: -1)
                    Issue.record("a poller that was closed waits")
                } catch {
                    #expect(error == .badDescriptor)
                }
            }
            #expect(BorrowedDescriptor(file).isOpen)
            #expect(other.withNumber { BorrowedDescriptor($0).isOpen })
        }
    }

    @Test func `in a process of its own a number that was closed stops it`() async {
        await #expect(processExitsWith: .signal(SIGILL)) {
            let event = try EventDescriptor()
            let closed = event.withNumber { close($0) }
            #expect(closed == 0)
            event.signal()
        }
    }
}
