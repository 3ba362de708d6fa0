import Coordinator
import Registry
import Transport

/// What is known of the ends of sockets and not yet in the log: whom the kernel is asked by, and
/// what it said.
final class EndsWatch {
    /// The kernel's word of TCP and UDP sockets; nil where it does not give it.
    let words: SharedDestroyedSockets?
    /// Asked for Unix sockets; nil where the kernel does not answer.
    let diagnosis: SharedSocketDiagnosis?
    var isListening = false
    /// Since when there has been nothing to listen for.
    var idleSince: Int64?
    var pending = PendingEnds()
    /// When Unix sockets are asked for next, and those whose turn is still to come, the next last.
    var nextUnix: Int64 = 0
    var unixTurn: [SocketNumber] = []
    var overflowCount: UInt64 = 0
    /// Sockets with smaller numbers can have ended without a word that was heard.
    var unheardBelow: SocketNumber = 0

    let mailbox: Reconciler.Mailbox
    var looks = Looks()

    init(features: KernelFeatures, bufferByteCount: Int32) throws(Errno) {
        words =
            features.socketDestroyed
            ? SharedDestroyedSockets(try DestroyedSockets(bufferByteCount: bufferByteCount)) : nil
        mailbox = try Reconciler.Mailbox()
        diagnosis = features.unixDiagnosis ? SharedSocketDiagnosis(try SocketDiagnosis()) : nil
    }
}

// Owners that can be absent: the optimizer of Swift 6.3 breaks on an absent noncopyable value in a
// class, where it is lent to what throws.

final class SharedDestroyedSockets: NumberedDescriptor {
    private let sockets: DestroyedSockets

    init(_ sockets: consuming DestroyedSockets) { self.sockets = sockets }

    func withNumber<R: ~Copyable, E: Error>(_ body: (Int32) throws(E) -> R) throws(E) -> R {
        try sockets.withNumber(body)
    }

    func listen(_ listens: Bool) throws(Errno) { try sockets.listen(listens) }

    func receive(
        limit: Int, _ body: (DestroyedSockets.Word) -> Void
    ) throws(Errno) -> Int {
        try sockets.receive(limit: limit, body)
    }
}

final class SharedSocketDiagnosis {
    private let diagnosis: SocketDiagnosis

    init(_ diagnosis: consuming SocketDiagnosis) { self.diagnosis = diagnosis }

    func hasUnixSocket(inode: UInt64, cookie: UInt64) throws(Errno) -> Bool {
        try diagnosis.hasUnixSocket(inode: inode, cookie: cookie)
    }
}

extension Ends {
    /// Of which sockets this kernel tells the end.
    init?(_ features: KernelFeatures) {
        guard let own = NetworkNamespace.own,
            features.socketDestroyed || features.unixDiagnosis
        else { return nil }
        self.init(
            networkNamespace: own.inode, internet: features.socketDestroyed,
            unix: features.unixDiagnosis)
    }
}
