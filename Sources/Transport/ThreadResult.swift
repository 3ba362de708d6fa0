internal import CLinux

/// What a call handed out to a C program, which may read it until the same thread's next such call.
///
/// Winsock: gethostbyname, inet_ntoa.
package enum ThreadResult: Int32, Sendable, CaseIterable {
    case host = 0
    case service = 1
    case protocolEntry = 2
    case text = 3

    /// The room, zeroed.
    package var room: UnsafeMutableRawBufferPointer {
        let room = unsafe UnsafeMutableRawBufferPointer(
            start: clinux_result(rawValue), count: clinux_result_capacity())
        unsafe room.initializeMemory(as: UInt8.self, repeating: 0)
        return unsafe room
    }
}
