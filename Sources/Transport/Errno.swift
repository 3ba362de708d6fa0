internal import CLinux
internal import Glibc

/// Why the kernel said no: a number of errno(3), known or not.
package struct Errno: Error, RawRepresentable, Hashable, Sendable {
    package var rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    package static let accessDenied = Errno(rawValue: EACCES)
    package static let addressInUse = Errno(rawValue: EADDRINUSE)
    package static let addressNotAvailable = Errno(rawValue: EADDRNOTAVAIL)
    package static let again = Errno(rawValue: EAGAIN)
    package static let argumentListTooLong = Errno(rawValue: E2BIG)
    package static let badAddress = Errno(rawValue: EFAULT)
    package static let badDescriptor = Errno(rawValue: EBADF)
    package static let busy = Errno(rawValue: EBUSY)
    package static let badMessage = Errno(rawValue: EBADMSG)
    package static let brokenPipe = Errno(rawValue: EPIPE)
    package static let connectionAborted = Errno(rawValue: ECONNABORTED)
    package static let connectionRefused = Errno(rawValue: ECONNREFUSED)
    package static let connectionReset = Errno(rawValue: ECONNRESET)
    package static let alreadyConnected = Errno(rawValue: EISCONN)
    package static let destinationAddressRequired = Errno(rawValue: EDESTADDRREQ)
    package static let exists = Errno(rawValue: EEXIST)
    package static let fileTooLarge = Errno(rawValue: EFBIG)
    package static let inProgress = Errno(rawValue: EINPROGRESS)
    package static let interrupted = Errno(rawValue: EINTR)
    package static let invalidArgument = Errno(rawValue: EINVAL)
    package static let isDirectory = Errno(rawValue: EISDIR)
    package static let messageTooLong = Errno(rawValue: EMSGSIZE)
    package static let nameTooLong = Errno(rawValue: ENAMETOOLONG)
    package static let noBuffers = Errno(rawValue: ENOBUFS)
    package static let noChild = Errno(rawValue: ECHILD)
    package static let noData = Errno(rawValue: ENODATA)
    package static let noDeviceOrAddress = Errno(rawValue: ENXIO)
    package static let noEntry = Errno(rawValue: ENOENT)
    package static let noMemory = Errno(rawValue: ENOMEM)
    package static let noProtocolOption = Errno(rawValue: ENOPROTOOPT)
    package static let noSpace = Errno(rawValue: ENOSPC)
    package static let noSuchProcess = Errno(rawValue: ESRCH)
    package static let noSystemCall = Errno(rawValue: ENOSYS)
    package static let notADirectory = Errno(rawValue: ENOTDIR)
    package static let notASocket = Errno(rawValue: ENOTSOCK)
    package static let notConnected = Errno(rawValue: ENOTCONN)
    package static let notPermitted = Errno(rawValue: EPERM)
    package static let notSupported = Errno(rawValue: EOPNOTSUPP)
    package static let remote = Errno(rawValue: EREMOTE)
    package static let stale = Errno(rawValue: ESTALE)
    package static let timedOut = Errno(rawValue: ETIMEDOUT)
    package static let tooManyOpenFiles = Errno(rawValue: EMFILE)
    package static let tooManyOpenFilesInSystem = Errno(rawValue: ENFILE)
    package static let tooManyReferences = Errno(rawValue: ETOOMANYREFS)
    package static let wrongProtocolType = Errno(rawValue: EPROTOTYPE)

    /// Whether nothing is wrong but that this process or this host has no descriptor left.
    package var isWantOfDescriptors: Bool {
        self == .tooManyOpenFiles || self == .tooManyOpenFilesInSystem
    }
}

extension Errno: CustomStringConvertible {
    /// The C spelling, for example `EAGAIN`, or the number where it has no name.
    ///
    /// strerrorname_np(3)
    package var name: String {
        guard let name = unsafe clinux_error_name(rawValue) else { return "errno \(rawValue)" }
        return unsafe String(cString: name)
    }

    /// For example `EAGAIN: Resource temporarily unavailable`.
    ///
    /// strerror_r(3)
    package var description: String {
        let text = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
            guard
                let base = buffer.baseAddress,
                let text = unsafe clinux_error_text(rawValue, base, buffer.count)
            else { return "unknown error" }
            return unsafe String(cString: text)
        }
        return "\(name): \(text)"
    }
}
