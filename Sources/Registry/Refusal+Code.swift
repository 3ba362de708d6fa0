package import Winsock

extension Refusal {
    /// The Winsock code that a caller gets for this refusal; the one table of them.
    ///
    /// The page of WSADuplicateSocket has one code, WSAEINVAL, for most of them: the reason goes
    /// along with it, so that 10022 is never mute.
    package var code: WSAError {
        switch self {
        case .notStarted:
            .notInitialised
        case .notASocket:
            .notASocket
        case .coordinatorsOwn, .unsupportedSocket, .invalidProcessID, .noSuchProcess,
            .foreignProcess, .targetExited, .identityUnproved, .notPermitted, .qualityOfService,
            .flagsDiffer, .overlappedMissing, .invalidLifetime, .malformedRecord, .plainRecord,
            .alteredRecord, .forged, .used, .expired, .revoked, .voided, .escrowLost,
            .wrongProcess, .ended, .alreadyDelivered, .tooManyAttempts, .malformedRequest,
            .requestDiffers, .requestStale, .foreignSender, .deadSender, .cookieDiffers,
            .notReserved, .inDelivery, .unknownHandoff, .unsupportedVersion,
            .unexpectedDescriptors, .unknownSocket, .deniedByPolicy, .queuedDescriptors:
            .invalidArgument
        case .tooManyHandoffs, .tooManyForUser, .tooManyProcesses, .tooManySockets,
            .tooManyClients, .tooManyRegistrations, .storeFull, .tooFast,
            .tooManyConnections, .tooManyUnread, .inFlightLimit:
            .noBufferSpace
        case .descriptorLimit, .tooManyDescriptors:
            .tooManyDescriptors
        case .stopping:
            .networkDown
        case .notOwner, .notAdministrator:
            .accessDenied
        case .socketOccupied:
            .inProgress
        case .badBuffer:
            .badAddress
        }
    }
}
