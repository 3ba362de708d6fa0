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
}
