/// The part of the configuration on which decisions depend. It is recorded in
/// `configuration.changed`, so that a history can be decided again by the rules of its time.
package struct Rules: Sendable, Equatable {
    /// Refuses what real programs do carelessly: differing flags, `SO_PRIORITY` and its kin.
    package var isStrict = false
    package var limits = Limits()
    /// Of which sockets the kernel tells the end; nil where it does not.
    package var ends: Ends?

    package init() {}

    /// One `key=value` a line, in a fixed order.
    package var text: String {
        """
        strict=\(isStrict)
        handoffs=\(limits.handoffs)
        handoffs_per_user=\(limits.handoffsPerUser)
        processes=\(limits.processes)
        sockets=\(limits.sockets)
        registrations=\(limits.registrations)
        registrations_per_user=\(limits.registrationsPerUser)
        clients_per_process=\(limits.clientsPerProcess)

        """ + (ends.map { "\(Ends.key)=\($0.text)\n" } ?? "")
    }

    /// Reads `text` back. Unknown keys are left alone: a later version may have recorded them.
    package init(text: String) {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            if parts[0] == "strict" {
                isStrict = parts[1] == "true"
            } else if parts[0] == Ends.key {
                ends = Ends(text: parts[1])
            } else if let value = Int(parts[1]) {
                switch parts[0] {
                case "handoffs": limits.handoffs = value
                case "handoffs_per_user": limits.handoffsPerUser = value
                case "processes": limits.processes = value
                case "sockets": limits.sockets = value
                case "registrations": limits.registrations = value
                case "registrations_per_user": limits.registrationsPerUser = value
                case "clients_per_process": limits.clientsPerProcess = value
                default: break
                }
            }
        }
    }
}
