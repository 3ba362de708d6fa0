/// What this kernel can do, found by trying and not by its version: emulated kernels and backports
/// make versions say nothing.
package struct KernelFeatures: Sendable, Hashable {
    /// pidfd_open(2), since Linux 5.3
    package var pidfdOpen = false
    /// Pidfds have inodes of their own, which rise with each process: Linux 6.9.
    package var pidfdInode = false
    /// PIDFD_GET_INFO, since Linux 6.13
    package var pidfdInfo = false
    /// PIDFD_INFO_EXIT, since Linux 6.15
    package var pidfdExitInfo = false
    /// SO_PEERPIDFD, since Linux 6.5
    package var peerPidfd = false
    /// SO_PASSPIDFD, since Linux 6.5
    package var messagePidfd = false
    /// SO_PASSRIGHTS, since Linux 6.16
    package var passRights = false
    /// pidfd_getfd(2), since Linux 5.6
    package var pidfdGetfd = false
    /// SO_COOKIE is the same for duplicates and differs between sockets.
    package var socketCookie = false
    /// SO_PASSCRED names the sender of each message.
    package var messageCredentials = false
    /// SOCK_SEQPACKET keeps the boundaries of messages and each descriptor with its own.
    package var deliveryKept = false

    /// The kernel tells when a TCP or UDP socket has ended (sock_diag).
    package var socketDestroyed = false
    /// The kernel tells whether a Unix socket is still there (sock_diag).
    package var unixDiagnosis = false

    package init() {}

    /// How surely processes are known.
    package enum Grade: String, Sendable, CaseIterable {
        /// The same process instance, also after a restart of ours.
        case instance
        /// The same process instance while we hold a descriptor of it.
        case held
        /// Nothing more than a number that can be used again.
        case number
    }

    package var grade: Grade {
        guard pidfdOpen else { return .number }
        return pidfdInode ? .instance : .held
    }

    /// The names of those present, sorted.
    package var names: [String] {
        KernelFeatures.fields.filter { self[keyPath: $0.value] }.map(\.name).sorted()
    }

    /// All names, sorted.
    package static var allNames: [String] {
        fields.map(\.name).sorted()
    }

    /// The same kernel without one of its features; nil for a name that is none.
    package func without(_ name: String) -> KernelFeatures? {
        guard let field = KernelFeatures.fields.first(where: { $0.name == name }) else {
            return nil
        }
        var features = self
        features[keyPath: field.value] = false
        return features
    }

    private typealias Field = (name: String, value: WritableKeyPath<KernelFeatures, Bool>)

    private static var fields: [Field] {
        [
            ("pidfdOpen", \.pidfdOpen), ("pidfdInode", \.pidfdInode), ("pidfdInfo", \.pidfdInfo),
            ("pidfdExitInfo", \.pidfdExitInfo), ("peerPidfd", \.peerPidfd),
            ("messagePidfd", \.messagePidfd), ("passRights", \.passRights),
            ("pidfdGetfd", \.pidfdGetfd), ("socketCookie", \.socketCookie),
            ("messageCredentials", \.messageCredentials), ("deliveryKept", \.deliveryKept),
            ("socketDestroyed", \.socketDestroyed), ("unixDiagnosis", \.unixDiagnosis),
        ]
    }
}
