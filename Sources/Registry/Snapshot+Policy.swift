extension Registry {
    /// What only a policy needs: which sockets listen, and what sources were at issue.
    func writePolicyFacts(to out: inout ByteWriter) {
        let listening = sockets.keys.filter { sockets[$0]?.identity.isListening == true }
        out.write(UInt64(listening.count))
        for socket in listening.sorted() { out.write(socket) }
        let judged = handoffs.keys.filter { handoffs[$0]?.sourceIdentity != nil }
        out.write(UInt64(judged.count))
        for handoff in judged.sorted() {
            guard let identity = handoffs[handoff]?.sourceIdentity else { continue }
            out.write(handoff)
            out.write(identity.wrappedValue)
        }
    }

    mutating func readPolicyFacts(from input: inout ByteReader) throws(ByteReader.Damage) {
        try input.each { input throws(ByteReader.Damage) in
            let number = try input.unsigned()
            guard sockets[number] != nil else { throw ByteReader.Damage(offset: input.offset) }
            sockets[number]?.identity.isListening = true
        }
        try input.each { input throws(ByteReader.Damage) in
            let number = try input.unsigned()
            let identity = try input.processIdentity()
            guard handoffs[number] != nil else { throw ByteReader.Damage(offset: input.offset) }
            handoffs[number]?.sourceIdentity = Boxed(wrappedValue: identity)
        }
    }

    /// Of the processes above whose effective group is not the real one, which are few.
    func writeEffectiveGroups(to out: inout ByteWriter) {
        func write(_ groups: [UInt64: UInt32]) {
            out.write(UInt64(groups.count))
            for number in groups.keys.sorted() {
                out.write(number)
                out.write(UInt64(groups[number, default: 0]))
            }
        }
        write(processes.compactMapValues { $0.identity.otherEffectiveGID })
        write(handoffs.compactMapValues { $0.sourceIdentity?.wrappedValue.otherEffectiveGID })
    }

    mutating func readEffectiveGroups(from input: inout ByteReader) throws(ByteReader.Damage) {
        try input.each { input throws(ByteReader.Damage) in
            let number = try input.unsigned()
            let group: UInt32 = try input.number()
            guard processes[number] != nil else { throw ByteReader.Damage(offset: input.offset) }
            processes[number]?.identity.effectiveGID = group
        }
        try input.each { input throws(ByteReader.Damage) in
            let number = try input.unsigned()
            let group: UInt32 = try input.number()
            guard var identity = handoffs[number]?.sourceIdentity?.wrappedValue else {
                throw ByteReader.Damage(offset: input.offset)
            }
            identity.effectiveGID = group
            handoffs[number]?.sourceIdentity = Boxed(wrappedValue: identity)
        }
    }
}

extension ProcessIdentity {
    fileprivate var otherEffectiveGID: UInt32? { effectiveGID == gid ? nil : effectiveGID }
}
