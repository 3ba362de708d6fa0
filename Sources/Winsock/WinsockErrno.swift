/// The Winsock code for each error number of Linux.
///
/// Where Winsock programs expect a code that only looks alike in C, what Winsock returns in that
/// situation is chosen, not the like-named code. errno(3).
public enum WinsockErrno {
    /// The code for an error number; `WSASYSCALLFAILURE` for one that no socket call gives.
    public static func code(forLinux errno: Int32) -> WSAError {
        codes[errno] ?? .systemCallFailure
    }

    private static let codes: [Int32: WSAError] = [
        1: .accessDenied,  // EPERM
        // Of the socket calls only those on a Unix path give it: nobody listens there.
        2: .connectionRefused,  // ENOENT
        // No such process: to Winsock the process id is a wrong argument.
        3: .invalidArgument,  // ESRCH
        4: .interrupted,  // EINTR
        7: .invalidArgument,  // E2BIG
        // A closed descriptor is not a socket any more; Winsock does not return WSAEBADF.
        9: .notASocket,  // EBADF
        11: .wouldBlock,  // EAGAIN, EWOULDBLOCK
        12: .noBufferSpace,  // ENOMEM
        13: .accessDenied,  // EACCES
        14: .badAddress,  // EFAULT
        // An interface that does not exist, named by a multicast or binding option.
        19: .addressNotAvailable,  // ENODEV
        20: .invalidArgument,  // ENOTDIR
        21: .invalidArgument,  // EISDIR
        22: .invalidArgument,  // EINVAL
        23: .tooManyDescriptors,  // ENFILE
        24: .tooManyDescriptors,  // EMFILE
        25: .operationNotSupported,  // ENOTTY
        28: .noBufferSpace,  // ENOSPC
        29: .operationNotSupported,  // ESPIPE
        30: .accessDenied,  // EROFS
        32: .shutDown,  // EPIPE
        // A time limit out of range.
        33: .invalidArgument,  // EDOM
        34: .invalidArgument,  // ERANGE
        36: .nameTooLong,  // ENAMETOOLONG
        38: .operationNotSupported,  // ENOSYS
        39: .directoryNotEmpty,  // ENOTEMPTY
        40: .tooManyLinks,  // ELOOP
        62: .timedOut,  // ETIME
        63: .noBufferSpace,  // ENOSR
        64: .networkDown,  // ENONET
        66: .remoteItem,  // EREMOTE
        // From accept: the connection failed before it was taken.
        71: .connectionAborted,  // EPROTO
        75: .invalidArgument,  // EOVERFLOW
        77: .notASocket,  // EBADFD
        84: .invalidArgument,  // EILSEQ
        85: .interrupted,  // ERESTART
        87: .tooManyUsers,  // EUSERS
        88: .notASocket,  // ENOTSOCK
        89: .destinationAddressRequired,  // EDESTADDRREQ
        90: .messageTooLong,  // EMSGSIZE
        91: .wrongProtocolType,  // EPROTOTYPE
        92: .noSuchOption,  // ENOPROTOOPT
        93: .protocolNotSupported,  // EPROTONOSUPPORT
        94: .socketTypeNotSupported,  // ESOCKTNOSUPPORT
        95: .operationNotSupported,  // EOPNOTSUPP
        96: .protocolFamilyNotSupported,  // EPFNOSUPPORT
        97: .addressFamilyNotSupported,  // EAFNOSUPPORT
        98: .addressInUse,  // EADDRINUSE
        99: .addressNotAvailable,  // EADDRNOTAVAIL
        100: .networkDown,  // ENETDOWN
        101: .networkUnreachable,  // ENETUNREACH
        102: .networkReset,  // ENETRESET
        103: .connectionAborted,  // ECONNABORTED
        104: .connectionReset,  // ECONNRESET
        105: .noBufferSpace,  // ENOBUFS
        106: .alreadyConnected,  // EISCONN
        107: .notConnected,  // ENOTCONN
        108: .shutDown,  // ESHUTDOWN
        109: .tooManyReferences,  // ETOOMANYREFS
        110: .timedOut,  // ETIMEDOUT
        111: .connectionRefused,  // ECONNREFUSED
        112: .hostDown,  // EHOSTDOWN
        113: .hostUnreachable,  // EHOSTUNREACH
        114: .alreadyInProgress,  // EALREADY
        // A non-blocking connect has begun. WSAEINPROGRESS would mean a blocking call is running.
        115: .wouldBlock,  // EINPROGRESS
        116: .staleHandle,  // ESTALE
        122: .diskQuotaExceeded,  // EDQUOT
        125: .operationAborted,  // ECANCELED
        132: .networkDown,  // ERFKILL
    ]
}
