internal import CLinux

/// Memory that a C program named, which need not be there: a bad address is `.badAddress` here, and
/// not the end of the program.
///
/// process_vm_readv(2), process_vm_writev(2)
package enum CallerMemory {
    package static func read(
        _ byteCount: Int, at address: UnsafeRawPointer?
    ) throws(Errno) -> [UInt8] {
        guard let address = unsafe address else { throw .badAddress }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        try Syscalls.done {
            unsafe bytes.withUnsafeMutableBytes {
                unsafe clinux_copy_in($0.baseAddress, address, byteCount)
            }
        }
        return bytes
    }

    package static func write(
        _ bytes: [UInt8], at address: UnsafeMutableRawPointer?
    ) throws(Errno) {
        guard let address = unsafe address else { throw .badAddress }
        try Syscalls.done {
            unsafe bytes.withUnsafeBytes {
                unsafe clinux_copy_out(address, $0.baseAddress, bytes.count)
            }
        }
    }

    /// Finds out whether so many bytes can be written there, and leaves them as they are.
    package static func checkWritable(
        _ byteCount: Int, at address: UnsafeMutableRawPointer?
    ) throws(Errno) {
        unsafe try write(try read(byteCount, at: address), at: address)
    }

    /// The bytes before the first NUL. Throws `.nameTooLong` when there is none among `limit`.
    package static func text(
        at address: UnsafeRawPointer?, limit: Int
    ) throws(Errno) -> [UInt8] {
        guard let address = unsafe address else { throw .badAddress }
        var text: [UInt8] = []
        while text.count < limit {
            // Not beyond the page: the text may end at the last byte that is there.
            let start = UInt(bitPattern: address) + UInt(text.count)
            let rest = Int(pageByteCount - start % pageByteCount)
            let part = unsafe try read(rest, at: address + text.count)
            if let end = part.firstIndex(of: 0) { return text + part[..<end] }
            text += part
        }
        throw .nameTooLong
    }

    /// The UTF-16 code units before the first NUL, as `text(at:limit:)`.
    package static func wideText(
        at address: UnsafeRawPointer?, limit: Int
    ) throws(Errno) -> [UInt16] {
        guard let address = unsafe address else { throw .badAddress }
        var text: [UInt16] = []
        while text.count < limit {
            let unit = unsafe try read(2, at: address + 2 * text.count)
            if unit == [0, 0] { return text }
            text.append(UInt16(unit[0]) | UInt16(unit[1]) << 8)
        }
        throw .nameTooLong
    }

    /// The least that any memory of a process is made of.
    private static let pageByteCount: UInt = 4096
}
