// The codes, by their numbers. Winsock: Windows Sockets Error Codes.

extension WSAError {
    /// WSA_INVALID_HANDLE.
    public static let invalidHandle = WSAError(rawValue: 6)
    /// WSA_NOT_ENOUGH_MEMORY.
    public static let notEnoughMemory = WSAError(rawValue: 8)
    /// WSA_INVALID_PARAMETER.
    public static let invalidParameter = WSAError(rawValue: 87)
    /// WSA_OPERATION_ABORTED.
    public static let operationAborted = WSAError(rawValue: 995)
    /// WSA_IO_INCOMPLETE.
    public static let operationIncomplete = WSAError(rawValue: 996)
    /// WSA_IO_PENDING.
    public static let operationPending = WSAError(rawValue: 997)
    /// WSAEINTR.
    public static let interrupted = WSAError(rawValue: 10_004)
    /// WSAEBADF.
    public static let badFileHandle = WSAError(rawValue: 10_009)
    /// WSAEACCES.
    public static let accessDenied = WSAError(rawValue: 10_013)
    /// WSAEFAULT.
    public static let badAddress = WSAError(rawValue: 10_014)
    /// WSAEINVAL.
    public static let invalidArgument = WSAError(rawValue: 10_022)
    /// WSAEMFILE.
    public static let tooManyDescriptors = WSAError(rawValue: 10_024)
    /// WSAEWOULDBLOCK.
    public static let wouldBlock = WSAError(rawValue: 10_035)
    /// WSAEINPROGRESS.
    public static let inProgress = WSAError(rawValue: 10_036)
    /// WSAEALREADY.
    public static let alreadyInProgress = WSAError(rawValue: 10_037)
    /// WSAENOTSOCK.
    public static let notASocket = WSAError(rawValue: 10_038)
    /// WSAEDESTADDRREQ.
    public static let destinationAddressRequired = WSAError(rawValue: 10_039)
    /// WSAEMSGSIZE.
    public static let messageTooLong = WSAError(rawValue: 10_040)
    /// WSAEPROTOTYPE.
    public static let wrongProtocolType = WSAError(rawValue: 10_041)
    /// WSAENOPROTOOPT.
    public static let noSuchOption = WSAError(rawValue: 10_042)
    /// WSAEPROTONOSUPPORT.
    public static let protocolNotSupported = WSAError(rawValue: 10_043)
    /// WSAESOCKTNOSUPPORT.
    public static let socketTypeNotSupported = WSAError(rawValue: 10_044)
    /// WSAEOPNOTSUPP.
    public static let operationNotSupported = WSAError(rawValue: 10_045)
    /// WSAEPFNOSUPPORT.
    public static let protocolFamilyNotSupported = WSAError(rawValue: 10_046)
    /// WSAEAFNOSUPPORT.
    public static let addressFamilyNotSupported = WSAError(rawValue: 10_047)
    /// WSAEADDRINUSE.
    public static let addressInUse = WSAError(rawValue: 10_048)
    /// WSAEADDRNOTAVAIL.
    public static let addressNotAvailable = WSAError(rawValue: 10_049)
    /// WSAENETDOWN.
    public static let networkDown = WSAError(rawValue: 10_050)
    /// WSAENETUNREACH.
    public static let networkUnreachable = WSAError(rawValue: 10_051)
    /// WSAENETRESET.
    public static let networkReset = WSAError(rawValue: 10_052)
    /// WSAECONNABORTED.
    public static let connectionAborted = WSAError(rawValue: 10_053)
    /// WSAECONNRESET.
    public static let connectionReset = WSAError(rawValue: 10_054)
    /// WSAENOBUFS.
    public static let noBufferSpace = WSAError(rawValue: 10_055)
    /// WSAEISCONN.
    public static let alreadyConnected = WSAError(rawValue: 10_056)
    /// WSAENOTCONN.
    public static let notConnected = WSAError(rawValue: 10_057)
    /// WSAESHUTDOWN.
    public static let shutDown = WSAError(rawValue: 10_058)
    /// WSAETOOMANYREFS.
    public static let tooManyReferences = WSAError(rawValue: 10_059)
    /// WSAETIMEDOUT.
    public static let timedOut = WSAError(rawValue: 10_060)
    /// WSAECONNREFUSED.
    public static let connectionRefused = WSAError(rawValue: 10_061)
    /// WSAELOOP.
    public static let tooManyLinks = WSAError(rawValue: 10_062)
    /// WSAENAMETOOLONG.
    public static let nameTooLong = WSAError(rawValue: 10_063)
    /// WSAEHOSTDOWN.
    public static let hostDown = WSAError(rawValue: 10_064)
    /// WSAEHOSTUNREACH.
    public static let hostUnreachable = WSAError(rawValue: 10_065)
    /// WSAENOTEMPTY.
    public static let directoryNotEmpty = WSAError(rawValue: 10_066)
    /// WSAEPROCLIM.
    public static let tooManyProcesses = WSAError(rawValue: 10_067)
    /// WSAEUSERS.
    public static let tooManyUsers = WSAError(rawValue: 10_068)
    /// WSAEDQUOT.
    public static let diskQuotaExceeded = WSAError(rawValue: 10_069)
    /// WSAESTALE.
    public static let staleHandle = WSAError(rawValue: 10_070)
    /// WSAEREMOTE.
    public static let remoteItem = WSAError(rawValue: 10_071)
    /// WSASYSNOTREADY.
    public static let subsystemNotReady = WSAError(rawValue: 10_091)
    /// WSAVERNOTSUPPORTED.
    public static let versionNotSupported = WSAError(rawValue: 10_092)
    /// WSANOTINITIALISED.
    public static let notInitialised = WSAError(rawValue: 10_093)
    /// WSAEDISCON.
    public static let gracefulShutdown = WSAError(rawValue: 10_101)
    /// WSAENOMORE.
    public static let noMoreResults = WSAError(rawValue: 10_102)
    /// WSAECANCELLED.
    public static let callCancelled = WSAError(rawValue: 10_103)
    /// WSAEINVALIDPROCTABLE.
    public static let invalidProviderTable = WSAError(rawValue: 10_104)
    /// WSAEINVALIDPROVIDER.
    public static let invalidProvider = WSAError(rawValue: 10_105)
    /// WSAEPROVIDERFAILEDINIT.
    public static let providerFailedToInitialise = WSAError(rawValue: 10_106)
    /// WSASYSCALLFAILURE.
    public static let systemCallFailure = WSAError(rawValue: 10_107)
    /// WSASERVICE_NOT_FOUND.
    public static let serviceNotFound = WSAError(rawValue: 10_108)
    /// WSATYPE_NOT_FOUND.
    public static let classNotFound = WSAError(rawValue: 10_109)
    /// WSA_E_NO_MORE.
    public static let noMoreLookupResults = WSAError(rawValue: 10_110)
    /// WSA_E_CANCELLED.
    public static let lookupCancelled = WSAError(rawValue: 10_111)
    /// WSAEREFUSED.
    public static let queryRefused = WSAError(rawValue: 10_112)
    /// WSAHOST_NOT_FOUND.
    public static let hostNotFound = WSAError(rawValue: 11_001)
    /// WSATRY_AGAIN.
    public static let nameTryAgain = WSAError(rawValue: 11_002)
    /// WSANO_RECOVERY.
    public static let nameNoRecovery = WSAError(rawValue: 11_003)
    /// WSANO_DATA.
    public static let nameNoData = WSAError(rawValue: 11_004)
}
