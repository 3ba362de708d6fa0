internal import CLinux
internal import Glibc

/// One descriptor of a poll. A negative number is passed over.
package struct PollRequest: Sendable, Hashable {
    package var number: Int32
    /// Linux numbers, as all that is answered.
    package var events: Int16
    package var answer: Int16 = 0

    package init(number: Int32, events: Int16) {
        self.number = number
        self.events = events
    }
}

extension PollRequest {
    // poll(2)

    package static let readable = Int16(POLLIN)
    package static let urgent = Int16(POLLPRI)
    package static let writable = Int16(POLLOUT)
    package static let error = Int16(POLLERR)
    package static let hangUp = Int16(POLLHUP)
    package static let invalid = Int16(POLLNVAL)
    /// POLLRDHUP: the peer has ended its side, or this one was shut down for receiving.
    package static let peerHangUp: Int16 = 0x2000
}

extension SocketCalls {
    /// Waits until something can be answered, or `nanoseconds` have passed; nil waits for ever.
    /// Signals do not end the wait. How many have answers.
    ///
    /// ppoll(2)
    package static func poll(
        _ requests: inout [PollRequest], nanoseconds: Int64?
    ) throws(Errno) -> Int {
        var raw = requests.map {
            clinux_poll_request(descriptor: $0.number, events: $0.events, answer: 0)
        }
        let start = Int64(Clock.monotonicNanoseconds())
        var rest = nanoseconds ?? -1
        while true {
            do throws(Errno) {
                let count = try Syscalls.valueOnce {
                    unsafe raw.withUnsafeMutableBufferPointer {
                        unsafe clinux_poll($0.baseAddress, $0.count, rest)
                    }
                }
                for index in raw.indices { requests[index].answer = raw[index].answer }
                return Int(count)
            } catch .interrupted {
                guard let nanoseconds else { continue }
                rest = max(0, nanoseconds - (Int64(Clock.monotonicNanoseconds()) - start))
            }
        }
    }

    /// What holds of one descriptor now.
    ///
    /// poll(2)
    package static func pollNow(_ fd: Int32, events: Int16) throws(Errno) -> Int16 {
        var requests = [PollRequest(number: fd, events: events)]
        _ = try poll(&requests, nanoseconds: 0)
        return requests[0].answer
    }
}

/// Waiting without anything to wait for.
package enum Pause {
    /// 0 gives way to other threads; nil never returns.
    ///
    /// nanosleep(2), sched_yield(2)
    package static func wait(milliseconds: UInt32?) {
        guard let milliseconds else {
            while true { pause() }
        }
        if milliseconds == 0 {
            sched_yield()
            return
        }
        var time = timespec(
            tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
        var rest = timespec()
        while unsafe nanosleep(&time, &rest) == -1, errno == EINTR { time = rest }
    }
}
