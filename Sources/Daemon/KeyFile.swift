import Transport

/// A file with a key in it, which is a secret only while nobody else can read it or put another
/// there.
enum KeyFile {
    /// Throws where another user can read or change it.
    /// - Parameters:
    ///   - what: what it is called, as `the ticket key`.
    ///   - risk: what follows from it that others have read it.
    static func check(
        _ path: String, _ facts: FileFacts, what: String, risk: String
    ) throws(DaemonError) {
        guard facts.mode & 0o077 == 0 else {
            throw .database(
                message: "others than its owner may read or change \(what) \(path)",
                advice: "chmod 600 it; \(risk)", isDamage: false)
        }
        let own = HostFacts.effectiveUID()
        guard facts.uid == 0 || facts.uid == own else {
            throw .database(
                message: "\(what) \(path) is another user's, uid \(facts.uid)",
                advice: "chown it to root or to uid \(own), who runs the coordinator; \(risk)",
                isDamage: false)
        }
    }
}
