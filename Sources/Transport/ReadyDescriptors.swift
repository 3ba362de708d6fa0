internal import Glibc

/// Waits for a few descriptors by their numbers.
package enum ReadyDescriptors {
    /// Which of them are readable, after waiting until one is. None of them are after the timeout,
    /// or when a signal came; a timeout of -1 waits for ever.
    ///
    /// poll(2)
    package static func wait(
        among numbers: [Int32], timeoutMilliseconds: Int32
    ) throws(Errno) -> [Bool] {
        var requests = numbers.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        do throws(Errno) {
            let count = nfds_t(requests.count)
            _ = try unsafe requests.withUnsafeMutableBufferPointer { (requests) throws(Errno) in
                try Syscalls.valueOnce {
                    unsafe poll(requests.baseAddress, count, timeoutMilliseconds)
                }
            }
        } catch .interrupted {
            return numbers.map { _ in false }
        }
        return requests.map { $0.revents != 0 }
    }
}
