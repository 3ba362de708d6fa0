import Coordinator
import Registry
import Transport

/// What is known of the ends of sockets and not yet in the log: whom the kernel is asked by, and
/// what it said.
final class EndsWatch {
    /// The kernel's word of TCP and UDP sockets; nil where it does not give it.
    let words: DestroyedSockets?
    /// Asked for Unix sockets; nil where the kernel does not answer.
    let diagnosis: SocketDiagnosis?
    var isListening = false
    /// Since when there has been nothing to listen for.
    var idleSince: Int64?
    /// Sockets that have ended, oldest first, and when they are written, in CLOCK_BOOTTIME
    /// microseconds.
    var ended: [(socket: SocketNumber, due: Int64)] = []
    var nextEnded: Int64?
    /// When Unix sockets are asked for next, and the number up to which they have been.
    var nextUnix: Int64 = 0
    var lastUnix: SocketNumber = 0
    var overflowCount: UInt64 = 0

    init(features: KernelFeatures, bufferByteCount: Int32) throws(Errno) {
        words = features.socketDestroyed
            ? try DestroyedSockets(bufferByteCount: bufferByteCount) : nil
        diagnosis = features.unixDiagnosis ? try SocketDiagnosis() : nil
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
