import Evidence
import GRDB
import Registry
import Testing

@testable import Journal

extension Log {
    static func key(_ number: UInt8 = 1, origin: String = "host.example/baton") throws -> SigningKey
    {
        try #require(SigningKey([UInt8](repeating: number, count: 32), name: origin))
    }

    /// Takes evidence up, also of what was written before it.
    @discardableResult
    func keepEvidence(_ number: UInt8 = 1, next: UInt8? = nil) throws -> SigningKey {
        let key = try Self.key(number)
        try journal.keepEvidence(signedBy: key, next: next.map { try Self.key($0) })
        return key
    }

    /// Some `count` events of whole handoffs, not yet written.
    func fill(_ count: Int) {
        let end = registry.nextSequence + UInt64(count)
        let (source, target, socket) = (process(), process(), socket())
        while registry.nextSequence < end { handOver(from: source, to: target, socket) }
    }

    /// The tree over the stored bodies, made from nothing else.
    func treeOfBodies(_ count: Int? = nil) throws -> Tree {
        var tree = Tree()
        for body in try File.rows(path, "SELECT body FROM event ORDER BY seq").prefix(count ?? .max)
        {
            tree.append(.leaf(Array(body.utf8))) { _, _, _ in }
        }
        return tree
    }
}
