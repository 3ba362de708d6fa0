import Glibc
import Testing

@testable import Transport

struct SyscallsTests {
    @Test func `an interrupted call is made again until it ends`() throws {
        var calls = 0
        let value = try Syscalls.value { () -> CInt in
            calls += 1
            errno = EINTR
            return calls < 3 ? -1 : 5
        }
        #expect(value == 5)
        #expect(calls == 3)
    }

    @Test func `a call that must not be repeated is not`() {
        var calls = 0
        #expect(throws: Errno.interrupted) {
            _ = try Syscalls.valueOnce { () -> CInt in
                calls += 1
                errno = EINTR
                return -1
            }
        }
        #expect(calls == 1)
    }

    @Test(arguments: [EPERM, EAGAIN, EMFILE, 4095])
    func `another failure is thrown with its number`(number: CInt) {
        var calls = 0
        #expect(throws: Errno(rawValue: number)) {
            try Syscalls.done {
                calls += 1
                errno = number
                return -1
            }
        }
        #expect(calls == 1)
    }

    @Test(arguments: [
        (Errno.again, "EAGAIN: Resource temporarily unavailable"),
        (.badDescriptor, "EBADF: Bad file descriptor"),
        (.tooManyReferences, "ETOOMANYREFS: Too many references: cannot splice"),
        (Errno(rawValue: 4095), "errno 4095: Unknown error 4095"),
    ])
    func `an error says its C name and what it means`(error: Errno, text: String) {
        #expect(error.description == text)
    }

    @Test func `random numbers differ`() {
        #expect(Set((0..<100).map { _ in randomUInt64() }).count == 100)
    }

    @Test func `the clocks agree with each other`() {
        let boot = Clock.bootMicroseconds()
        let monotonic = Clock.monotonicNanoseconds()
        // Time in suspension counts for the first alone.
        #expect(boot >= Int64(monotonic / 1000) - 1_000_000)
        #expect(Clock.bootMicroseconds() >= boot)
        #expect(Clock.monotonicNanoseconds() >= monotonic)
        // 2020-01-01, which is before any run of this test.
        #expect(Clock.wallMicroseconds() > 1_577_836_800_000_000)
        #expect(Clock.processorMicroseconds() > 0)
    }
}
