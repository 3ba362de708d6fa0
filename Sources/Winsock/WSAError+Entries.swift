// What each code is called and what it means. One row a code, in the order of their numbers.

extension WSAError {
    static let basicEntries: [Entry] = [
        Entry(
            .invalidHandle, "WSA_INVALID_HANDLE",
            "The event object is not valid; create it again before using it."),
        Entry(
            .notEnoughMemory, "WSA_NOT_ENOUGH_MEMORY",
            "Memory ran out; free some and repeat the call."),
        Entry(
            .invalidParameter, "WSA_INVALID_PARAMETER",
            "A parameter is not valid; check the arguments of the call."),
        Entry(
            .operationAborted, "WSA_OPERATION_ABORTED",
            "The operation was cancelled because its socket was closed or cancellation "
                + "was asked for; start it again if it is still wanted."),
        Entry(
            .operationIncomplete, "WSA_IO_INCOMPLETE",
            "The overlapped operation has not finished; wait for its event."),
        Entry(
            .operationPending, "WSA_IO_PENDING",
            "The overlapped operation has begun and will be completed later; this is not "
                + "a failure."),
        Entry(
            .interrupted, "WSAEINTR",
            "The blocking call was interrupted; repeat it."),
        Entry(
            .badFileHandle, "WSAEBADF",
            "The file handle is not open for this use; check where it was closed."),
        Entry(
            .accessDenied, "WSAEACCES",
            "Permissions do not allow this; check the user, the address and options such "
                + "as SO_BROADCAST."),
        Entry(
            .badAddress, "WSAEFAULT",
            "A pointer does not lead to usable memory, or a buffer is too small; pass a "
                + "larger or valid one."),
        Entry(
            .invalidArgument, "WSAEINVAL",
            "An argument is not valid, or not in the socket's present state; a protocol "
                + "info that is wrong, used or for another process says this too."),
        Entry(
            .tooManyDescriptors, "WSAEMFILE",
            "No more descriptors can be opened; close some or raise the limit."),
        Entry(
            .wouldBlock, "WSAEWOULDBLOCK",
            "The operation cannot finish at once on a non-blocking socket; repeat it when "
                + "the socket is ready."),
        Entry(
            .inProgress, "WSAEINPROGRESS",
            "A blocking call or a callback is still running; wait until it returns."),
        Entry(
            .alreadyInProgress, "WSAEALREADY",
            "The socket is already doing this; wait for the first operation to finish."),
        Entry(
            .notASocket, "WSAENOTSOCK",
            "The descriptor is not a socket, or no longer; check whether it was closed."),
        Entry(
            .destinationAddressRequired, "WSAEDESTADDRREQ",
            "There is no address to send to; connect the socket or name one."),
        Entry(
            .messageTooLong, "WSAEMSGSIZE",
            "The message does not fit the protocol or the buffer; send less or receive "
                + "into more."),
        Entry(
            .wrongProtocolType, "WSAEPROTOTYPE",
            "The protocol does not go with the socket type; choose a pair that does."),
        Entry(
            .noSuchOption, "WSAENOPROTOOPT",
            "The option is unknown or not for this level or socket; check level and name."),
        Entry(
            .protocolNotSupported, "WSAEPROTONOSUPPORT",
            "The protocol is not available here; choose one from the catalog."),
        Entry(
            .socketTypeNotSupported, "WSAESOCKTNOSUPPORT",
            "The address family has no such socket type; choose one from the catalog."),
        Entry(
            .operationNotSupported, "WSAEOPNOTSUPP",
            "This kind of socket cannot do that; use another call or another kind."),
        Entry(
            .protocolFamilyNotSupported, "WSAEPFNOSUPPORT",
            "The protocol family is not available here; choose another."),
        Entry(
            .addressFamilyNotSupported, "WSAEAFNOSUPPORT",
            "The address family is not available or does not go with the socket; choose "
                + "another."),
        Entry(
            .addressInUse, "WSAEADDRINUSE",
            "Another socket has this address; choose another one or wait until it is "
                + "free."),
        Entry(
            .addressNotAvailable, "WSAEADDRNOTAVAIL",
            "The address is not one of this host's, or cannot be connected to; check it."),
        Entry(
            .networkDown, "WSAENETDOWN",
            "The network subsystem has failed, or the coordinator cannot be reached; see "
                + "that it runs, then repeat the call."),
        Entry(
            .networkUnreachable, "WSAENETUNREACH",
            "No route leads to that network; check the routes."),
        Entry(
            .networkReset, "WSAENETRESET",
            "The connection was dropped because keep-alive found it dead; connect again."),
        Entry(
            .connectionAborted, "WSAECONNABORTED",
            "The connection was given up on this host; connect again."),
        Entry(
            .connectionReset, "WSAECONNRESET",
            "The peer ended the connection by force; connect again."),
        Entry(
            .noBufferSpace, "WSAENOBUFS",
            "Buffers or queues are full, or the buffer offered is too small; free some or "
                + "offer more and repeat the call."),
        Entry(
            .alreadyConnected, "WSAEISCONN",
            "The socket is connected already; use it, or take a new one."),
        Entry(
            .notConnected, "WSAENOTCONN",
            "The socket is not connected; connect it first."),
        Entry(
            .shutDown, "WSAESHUTDOWN",
            "That direction of the connection was shut down; use another connection."),
        Entry(
            .tooManyReferences, "WSAETOOMANYREFS",
            "Too many references to a kernel object are under way; let some arrive and "
                + "repeat the call."),
        Entry(
            .timedOut, "WSAETIMEDOUT",
            "The peer did not answer in time; check that it is up and repeat the call."),
        Entry(
            .connectionRefused, "WSAECONNREFUSED",
            "Nobody listens at that address; start the server or check the address."),
        Entry(
            .tooManyLinks, "WSAELOOP",
            "The name leads back to itself; correct the links."),
        Entry(
            .nameTooLong, "WSAENAMETOOLONG",
            "The name is too long; use a shorter one."),
        Entry(
            .hostDown, "WSAEHOSTDOWN",
            "The host is down; check it and repeat the call."),
        Entry(
            .hostUnreachable, "WSAEHOSTUNREACH",
            "No route leads to that host; check the routes."),
        Entry(
            .directoryNotEmpty, "WSAENOTEMPTY",
            "The directory is not empty; empty it first."),
        Entry(
            .tooManyProcesses, "WSAEPROCLIM",
            "Too many programs use the network subsystem; end some."),
        Entry(
            .tooManyUsers, "WSAEUSERS",
            "The user quota is used up; wait or have it raised."),
        Entry(
            .diskQuotaExceeded, "WSAEDQUOT",
            "The disk quota is used up; free some or have it raised."),
        Entry(
            .staleHandle, "WSAESTALE",
            "The file behind the handle is gone; open it again."),
        Entry(
            .remoteItem, "WSAEREMOTE",
            "The item is on another host; use it there."),
        Entry(
            .subsystemNotReady, "WSASYSNOTREADY",
            "The network subsystem is not ready; start it and call WSAStartup again."),
        Entry(
            .versionNotSupported, "WSAVERNOTSUPPORTED",
            "The Winsock version asked for is not offered; ask WSAStartup for another."),
        Entry(
            .notInitialised, "WSANOTINITIALISED",
            "No successful WSAStartup came before this call; call it first."),
        Entry(
            .gracefulShutdown, "WSAEDISCON",
            "The peer has begun an orderly shutdown; finish sending and close."),
        Entry(
            .noMoreResults, "WSAENOMORE",
            "The lookup has no more results; end it."),
        Entry(
            .callCancelled, "WSAECANCELLED",
            "The lookup was ended while this call was running; begin a new one if it is "
                + "still wanted."),
        Entry(
            .invalidProviderTable, "WSAEINVALIDPROCTABLE",
            "The provider's table of functions is not valid; reinstall the provider."),
        Entry(
            .invalidProvider, "WSAEINVALIDPROVIDER",
            "The provider speaks another version; install one that fits."),
        Entry(
            .providerFailedToInitialise, "WSAEPROVIDERFAILEDINIT",
            "The provider could not be loaded or started; see that it is installed and "
                + "running."),
        Entry(
            .systemCallFailure, "WSASYSCALLFAILURE",
            "A system call failed that should never fail; look for the reason in the "
                + "system's log."),
        Entry(
            .serviceNotFound, "WSASERVICE_NOT_FOUND",
            "The name space has no such service; check its name."),
        Entry(
            .classNotFound, "WSATYPE_NOT_FOUND",
            "The service class is not known; check its identity."),
        Entry(
            .noMoreLookupResults, "WSA_E_NO_MORE",
            "The lookup has no more results, in the newer spelling; end it."),
        Entry(
            .lookupCancelled, "WSA_E_CANCELLED",
            "The lookup was ended while this call was running, in the newer spelling; "
                + "begin a new one if it is still wanted."),
        Entry(
            .queryRefused, "WSAEREFUSED",
            "The name server refused the query; ask another or check the permissions."),
        Entry(
            .hostNotFound, "WSAHOST_NOT_FOUND",
            "No host has that name; check the spelling."),
        Entry(
            .nameTryAgain, "WSATRY_AGAIN",
            "The name server gave no answer for now; repeat the query later."),
        Entry(
            .nameNoRecovery, "WSANO_RECOVERY",
            "The name query failed for good; check the name service's configuration."),
        Entry(
            .nameNoData, "WSANO_DATA",
            "The name exists but has no data of the kind asked for; ask for another kind."),
    ]
}
