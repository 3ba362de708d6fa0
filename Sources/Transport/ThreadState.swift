internal import CLinux

/// What a C program finds out about its last call, each thread for itself.
///
/// Winsock: WSAGetLastError.
package enum ThreadState {
    package static var lastError: Int32 {
        get { unsafe clinux_this_thread().pointee.last_error }
        set { unsafe clinux_this_thread().pointee.last_error = newValue }
    }

    /// How many callbacks of the library's are running on this thread, one within the other.
    package static var callbackDepth: Int32 {
        get { unsafe clinux_this_thread().pointee.callback_depth }
        set { unsafe clinux_this_thread().pointee.callback_depth = newValue }
    }

    /// Winsock: SO_OPENTYPE.
    package static var openType: Int32 {
        get { unsafe clinux_this_thread().pointee.open_type }
        set { unsafe clinux_this_thread().pointee.open_type = newValue }
    }

    /// Names the thread's queue of messages; 0 before it has one.
    package static var messageQueue: UInt64 { unsafe clinux_this_thread().pointee.message_queue }

    /// `atEnd` is called with the name when the thread ends, and is the same in every call. It is
    /// not called when the whole process ends.
    ///
    /// pthread_key_create(3), pthread_setspecific(3)
    package static func setMessageQueue(
        _ name: UInt64, atEnd: @escaping @convention(c) (UInt64) -> Void
    ) throws(Errno) {
        try Syscalls.done { clinux_set_message_queue(name, atEnd) }
    }

    /// The words for the last error, at most 511 bytes of UTF-8; empty for none.
    package static func setReason(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) {
                unsafe clinux_set_reason($0.baseAddress ?? UnsafePointer(clinux_reason()), $0.count)
            }
        }
    }

    /// The reason as C has it, this thread's until its next call.
    package static var reason: UnsafePointer<CChar> { unsafe clinux_reason() }
}
