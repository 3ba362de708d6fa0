// That leaves which follow one another are those of a tree: one hash for each largest subtree
// beside them, from left to right. The leaves themselves fill the rest.

extension ProofMaker {
    /// What the tree of `size` leaves has beside the leaves of `range`: at most 126 hashes.
    package func range(_ range: Range<UInt64>, size: UInt64) throws(Failure) -> [TreeHash] {
        precondition(
            !range.isEmpty && range.upperBound <= size,
            "only what is in the tree can be proved to be")
        var path: [TreeHash] = []
        try collect(beside: range, 0, size, into: &path)
        return path
    }

    private func collect(
        beside range: Range<UInt64>, _ begin: UInt64, _ end: UInt64, into path: inout [TreeHash]
    ) throws(Failure) {
        if end <= range.lowerBound || begin >= range.upperBound {
            return path.append(try subtree(begin, end))
        }
        if range.lowerBound <= begin, end <= range.upperBound { return }
        let middle = begin + Self.split(end - begin)
        try collect(beside: range, begin, middle, into: &path)
        try collect(beside: range, middle, end, into: &path)
    }
}

extension Proof {
    /// The root of a tree of `size` leaves that has `leaves` from `first` on, and `path` beside
    /// them. Nil where there is no such tree.
    package static func root(
        of leaves: [TreeHash], from first: UInt64, size: UInt64, path: [TreeHash]
    ) -> TreeHash? {
        guard !leaves.isEmpty, first <= size, UInt64(leaves.count) <= size - first else {
            return nil
        }
        var folding = RangeFolding(leaves: leaves, first: first, path: path[...])
        let root = folding.subtree(0, size)
        // A hash that is left over would be part of no root, and could be anything.
        return folding.path.isEmpty ? root : nil
    }
}

/// The hashes of a tree from some of its leaves and what is beside them, taken as they are needed.
private struct RangeFolding {
    let leaves: [TreeHash]
    let first: UInt64
    var path: ArraySlice<TreeHash>

    private var end: UInt64 { first + UInt64(leaves.count) }

    /// Nil when a hash is missing. No deeper than a tree of 2⁶⁴ leaves is high.
    mutating func subtree(_ begin: UInt64, _ stop: UInt64) -> TreeHash? {
        if stop <= first || begin >= end { return path.popFirst() }
        if stop - begin == 1 { return leaves[Int(begin - first)] }
        let middle = begin + ProofMaker<Never>.split(stop - begin)
        guard let left = subtree(begin, middle), let right = subtree(middle, stop) else {
            return nil
        }
        return .node(left, right)
    }
}
