/// Why a rule said no: a closed list, one value for each rule. Numbers go over the wire and are
/// never used again.
package enum Refusal: UInt16, Error, Sendable, CaseIterable {
    case notStarted = 1
    case notASocket = 2
    case coordinatorsOwn = 3
    case unsupportedSocket = 4
    case invalidProcessID = 5
    case noSuchProcess = 6
    case foreignProcess = 7
    case targetExited = 8
    case identityUnproved = 9
    case notPermitted = 10
    case qualityOfService = 11
    case flagsDiffer = 12
    case overlappedMissing = 13
    case invalidLifetime = 14
    case tooManyHandoffs = 15
    case tooManyForUser = 16
    case tooManyProcesses = 17
    case tooManySockets = 18
    case tooManyClients = 19
    case descriptorLimit = 20
    case storeFull = 21
    case stopping = 22
    case malformedRecord = 30
    case plainRecord = 31
    case alteredRecord = 32
    case forged = 33
    case used = 34
    case expired = 35
    case revoked = 36
    case voided = 37
    case escrowLost = 38
    case wrongProcess = 39
    case ended = 40
    case alreadyDelivered = 41
    case tooManyAttempts = 42
    case malformedRequest = 50
    case requestDiffers = 51
    case requestStale = 52
    case foreignSender = 53
    case deadSender = 54
    case cookieDiffers = 55
    case notReserved = 56
    case inDelivery = 57
    case notOwner = 58
    case unknownHandoff = 59
    case unsupportedVersion = 60
    case unexpectedDescriptors = 61
    case tooFast = 62
    case tooManyConnections = 63
    case unknownSocket = 64
    case badBuffer = 65
    case tooManyRegistrations = 66
    case tooManyDescriptors = 67
    case tooManyUnread = 68
    case inFlightLimit = 69
    case deniedByPolicy = 70
    case notAdministrator = 71
    case queuedDescriptors = 72
    case socketOccupied = 73

    /// The words in the log and on the command line.
    package var name: String {
        switch self {
        case .notStarted: "not started"
        case .notASocket: "not a socket"
        case .coordinatorsOwn: "coordinator's own"
        case .unsupportedSocket: "unsupported socket"
        case .invalidProcessID: "invalid process id"
        case .noSuchProcess: "no such process"
        case .foreignProcess: "foreign process"
        case .targetExited: "target exited"
        case .identityUnproved: "identity unproved"
        case .notPermitted: "not permitted"
        case .qualityOfService: "quality of service"
        case .flagsDiffer: "flags differ"
        case .overlappedMissing: "overlapped missing"
        case .invalidLifetime: "invalid lifetime"
        case .tooManyHandoffs: "too many handoffs"
        case .tooManyForUser: "too many for user"
        case .tooManyProcesses: "too many processes"
        case .tooManySockets: "too many sockets"
        case .tooManyClients: "too many clients"
        case .descriptorLimit: "descriptor limit"
        case .storeFull: "store full"
        case .stopping: "stopping"
        case .malformedRecord: "malformed record"
        case .plainRecord: "plain record"
        case .alteredRecord: "altered record"
        case .forged: "forged"
        case .used: "used"
        case .expired: "expired"
        case .revoked: "revoked"
        case .voided: "voided"
        case .escrowLost: "escrow lost"
        case .wrongProcess: "wrong process"
        case .ended: "ended"
        case .alreadyDelivered: "already delivered"
        case .tooManyAttempts: "too many attempts"
        case .malformedRequest: "malformed request"
        case .requestDiffers: "request differs"
        case .requestStale: "request stale"
        case .foreignSender: "foreign sender"
        case .deadSender: "dead sender"
        case .cookieDiffers: "cookie differs"
        case .notReserved: "not reserved"
        case .inDelivery: "in delivery"
        case .notOwner: "not owner"
        case .unknownHandoff: "unknown handoff"
        case .unsupportedVersion: "unsupported version"
        case .unexpectedDescriptors: "unexpected descriptors"
        case .tooFast: "too fast"
        case .tooManyConnections: "too many connections"
        case .unknownSocket: "unknown socket"
        case .badBuffer: "bad buffer"
        case .tooManyRegistrations: "too many registrations"
        case .tooManyDescriptors: "too many descriptors"
        case .tooManyUnread: "too many unread"
        case .inFlightLimit: "in-flight limit"
        case .deniedByPolicy: "denied by policy"
        case .notAdministrator: "not administrator"
        case .queuedDescriptors: "queued descriptors"
        case .socketOccupied: "socket occupied"
        }
    }

    package init?(name: String) {
        guard let refusal = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = refusal
    }
}
