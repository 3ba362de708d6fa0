internal import CLinux

/// Room for one message and all that can come beside it, used again for every receive.
///
/// Of one thread, or of one connection at a time: the next receive overwrites what it holds.
@safe package final class MessageBuffer {
    let bytes: UnsafeMutableRawBufferPointer
    let control: UnsafeMutableRawPointer
    let descriptors: UnsafeMutablePointer<CInt>
    let closer: Closer

    /// `closer` takes the descriptors of a message beyond its first two.
    package init(byteCapacity: Int, closer: Closer = .shared) {
        precondition(byteCapacity > 0, "A buffer without room reads every message as truncated.")
        unsafe bytes = .allocate(byteCount: byteCapacity, alignment: 16)
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe control = .allocate(byteCount: clinux_control_capacity(), alignment: 16)
        unsafe descriptors = .allocate(capacity: clinux_descriptor_capacity())
        self.closer = closer
    }

    deinit {
        unsafe bytes.deallocate()
        unsafe control.deallocate()
        unsafe descriptors.deallocate()
    }

    package var byteCapacity: Int { unsafe bytes.count }

    /// Lends the first `count` bytes of the last message.
    package func withBytes<R: ~Copyable, E: Error>(
        count: Int, _ body: (borrowing Span<UInt8>) throws(E) -> R
    ) throws(E) -> R {
        precondition(
            count >= 0 && count <= byteCapacity, "A message is not longer than its buffer.")
        let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[0..<count])
        return try unsafe body(part.bindMemory(to: UInt8.self).span)
    }
}
