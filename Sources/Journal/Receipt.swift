package import Evidence

/// What a coordinator tells the source or the target of a handoff: what the log has of it, to be
/// compared with the log later. One `key=value` a line.
package struct Receipt: Sendable, Equatable, CustomStringConvertible {
    /// The log's random id, and the name under which it signs.
    package var log: String
    package var origin: String
    /// Of the `handoff.issued`.
    package var sequence: UInt64
    package var leaf: TreeHash

    package init(log: String, origin: String, sequence: UInt64, leaf: TreeHash) {
        self.log = log
        self.origin = origin
        self.sequence = sequence
        self.leaf = leaf
    }

    package var description: String {
        """
        log=\(log)
        origin=\(origin)
        seq=\(sequence)
        leaf=\(Hexadecimal.text(leaf.bytes))

        """
    }

    /// Nil for what no coordinator has told. The four can also stand on one line, and in another
    /// order: whoever kept them may have written them down anew.
    package init?(_ text: String) {
        var values: [Substring: Substring] = [:]
        let parts = text.split(whereSeparator: \.isWhitespace)
        for part in parts {
            guard let sign = part.firstIndex(of: "=") else { return nil }
            values[part[..<sign]] = part[part.index(after: sign)...]
        }
        guard parts.count == 4, let log = values["log"], let origin = values["origin"],
            let sequence = values["seq"].flatMap({ UInt64($0) }),
            let leaf = values["leaf"].flatMap({ Hexadecimal.bytes(String($0)) })
                .flatMap({ TreeHash($0) })
        else { return nil }
        self.init(log: String(log), origin: String(origin), sequence: sequence, leaf: leaf)
    }
}
