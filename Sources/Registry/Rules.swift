/// The part of the configuration that can change while the coordinator runs. It is recorded in
/// `configuration.changed`, so that a history can be decided again by the rules of its time, and
/// that a coordinator which takes over can go on with it.
package struct Rules: Sendable, Equatable {
    /// Refuses what real programs do carelessly: differing flags, `SO_PRIORITY` and its kin.
    package var isStrict = false
    package var limits = Limits()
    package var admission = AdmissionLimits()
    package var policy = Policy()
    /// Of which sockets the kernel tells the end; nil where it does not.
    package var ends: Ends?
    /// Whether the log is evidence as well. Nothing is decided by it: who verifies the log must
    /// know what was never signed.
    package var keepsEvidence = true
    /// The least proof of a target's identity, and the free space below which no new handoffs are
    /// taken. Whoever looks at processes and at the disk goes by them, and says what it found; no
    /// decision asks for them. Nil where none is recorded, as by earlier versions.
    package var minimumGrade: Grade?
    package var minimumFreeBytes: UInt64?

    package init() {}

    private static let gradeKey = "grade"
    private static let freeBytesKey = "minimum_free_bytes"

    /// The numbers by their names, in the order in which they are recorded. A bound that is not at
    /// least one would shut the coordinator to everybody.
    package static var numbers: [(name: String, path: WritableKeyPath<Rules, Int>)] {
        [
            ("handoffs", \.limits.handoffs),
            ("handoffs_per_user", \.limits.handoffsPerUser),
            ("processes", \.limits.processes),
            ("processes_per_user", \.limits.processesPerUser),
            ("processes_reserved", \.limits.processesReserved),
            ("sockets", \.limits.sockets),
            ("sockets_per_user", \.limits.socketsPerUser),
            ("descriptors", \.limits.descriptors),
            ("descriptors_per_user", \.limits.descriptorsPerUser),
            ("registrations", \.limits.registrations),
            ("registrations_per_user", \.limits.registrationsPerUser),
            ("clients_per_process", \.limits.clientsPerProcess),
            ("unheld_sockets", \.limits.unheldSockets),
            ("connections", \.admission.connections),
            ("connections_reserved", \.admission.connectionsReserved),
            ("connections_per_user", \.admission.connectionsPerUser),
            ("requests_in_flight", \.admission.requestsInFlight),
            ("requests_in_flight_per_user", \.admission.requestsInFlightPerUser),
            ("requests_per_second", \.admission.requestsPerSecondOfAll),
            ("requests_per_second_per_user", \.admission.requestsPerSecond),
            ("refusals_per_second", \.admission.refusalsPerSecondOfAll),
            ("refusals_per_second_per_user", \.admission.refusalsPerSecond),
        ]
    }

    /// One `key=value` a line, in a fixed order.
    package var text: String {
        var lines = ["strict=\(isStrict)"]
        if let minimumGrade { lines.append("\(Self.gradeKey)=\(minimumGrade.rawValue)") }
        if let minimumFreeBytes { lines.append("\(Self.freeBytesKey)=\(minimumFreeBytes)") }
        lines += Self.numbers.map { "\($0.name)=\(self[keyPath: $0.path])" }
        if let ends { lines.append("\(Ends.key)=\(ends.text)") }
        if !keepsEvidence { lines.append("evidence=false") }
        if let user = policy.unmapped.user { lines.append("\(UnmappedIDs.userKey)=\(user)") }
        if let group = policy.unmapped.group { lines.append("\(UnmappedIDs.groupKey)=\(group)") }
        lines += policy.rules.map { "rule=\($0.text)" }
        return lines.map { "\($0)\n" }.joined()
    }

    /// Reads `text` back. Unknown keys are left alone: a later version may have recorded them.
    package init(text: String) {
        var rules: [Policy.Rule] = []
        var unmapped = UnmappedIDs()
        let paths = Dictionary(uniqueKeysWithValues: Self.numbers.map { ($0.name, $0.path) })
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            switch parts[0] {
            case "strict": isStrict = parts[1] == "true"
            case "rule": rules.append(Policy.Rule(text: String(parts[1])))
            case Self.gradeKey[...]: minimumGrade = Grade(rawValue: String(parts[1]))
            case Self.freeBytesKey[...]: minimumFreeBytes = UInt64(parts[1])
            case "evidence": keepsEvidence = parts[1] != "false"
            case Ends.key[...]: ends = Ends(text: parts[1])
            case UnmappedIDs.userKey[...]: unmapped.user = UInt32(parts[1])
            case UnmappedIDs.groupKey[...]: unmapped.group = UInt32(parts[1])
            default:
                if let path = paths[String(parts[0])], let value = Int(parts[1]) {
                    self[keyPath: path] = value
                }
            }
        }
        policy = Policy(rules: rules, unmapped: unmapped)
    }
}
