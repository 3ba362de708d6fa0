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
}
