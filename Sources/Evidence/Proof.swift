/// Proofs about trees whose complete subtrees can be looked up: RFC 6962, section 2.1.
package struct ProofMaker<Failure: Error> {
    /// The complete subtree of a height, by its index in the row of that height.
    private let hash: (_ height: Int, _ index: UInt64) throws(Failure) -> TreeHash

    package init(hash: @escaping (_ height: Int, _ index: UInt64) throws(Failure) -> TreeHash) {
        self.hash = hash
    }

    /// The root of the tree of the first `size` leaves.
    package func root(_ size: UInt64) throws(Failure) -> TreeHash {
        size == 0 ? .empty : try subtree(0, size)
    }

    /// The hash over the leaves from `begin` up to `end`; they are a subtree of some tree.
    func subtree(_ begin: UInt64, _ end: UInt64) throws(Failure) -> TreeHash {
        let count = end - begin
        if count.nonzeroBitCount == 1 {
            let height = count.trailingZeroBitCount
            return try hash(height, begin >> UInt64(height))
        }
        let middle = begin + Self.split(count)
        return .node(try subtree(begin, middle), try subtree(middle, end))
    }

    /// The largest power of two below `count`, which is at least 2.
    static func split(_ count: UInt64) -> UInt64 {
        1 << UInt64(63 - (count - 1).leadingZeroBitCount)
    }

    /// That leaf `index` is in the tree of `size` leaves: hashes from the leaf to the root.
    package func inclusion(of index: UInt64, size: UInt64) throws(Failure) -> [TreeHash] {
        precondition(index < size, "only what is in the tree can be proved to be")
        var (begin, end) = (UInt64(0), size)
        var path: [TreeHash] = []
        while end - begin > 1 {
            let middle = begin + Self.split(end - begin)
            if index < middle {
                path.append(try subtree(middle, end))
                end = middle
            } else {
                path.append(try subtree(begin, middle))
                begin = middle
            }
        }
        return path.reversed()
    }

    /// That the tree of `old` leaves is the beginning of that of `size`.
    package func consistency(from old: UInt64, to size: UInt64) throws(Failure) -> [TreeHash] {
        precondition(old > 0 && old <= size, "a tree without leaves is the beginning of every one")
        var (begin, end) = (UInt64(0), size)
        var path: [TreeHash] = []
        while old < end {
            let middle = begin + Self.split(end - begin)
            if old <= middle {
                path.append(try subtree(middle, end))
                end = middle
            } else {
                path.append(try subtree(begin, middle))
                begin = middle
            }
        }
        // The verifier has the old root: it is the last piece where that is the whole left side.
        if begin > 0 { path.append(try subtree(begin, end)) }
        return path.reversed()
    }
}

/// Checks proofs: RFC 9162, sections 2.1.3.2 and 2.1.4.2.
package enum Proof {
    package static func includes(
        _ leaf: TreeHash, at index: UInt64, size: UInt64, root: TreeHash, path: [TreeHash]
    ) -> Bool {
        guard index < size else { return false }
        var (position, last) = (index, size - 1)
        var hash = leaf
        for piece in path {
            guard last > 0 else { return false }
            if position & 1 == 1 || position == last {
                hash = .node(piece, hash)
                while position & 1 == 0, position > 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                hash = .node(hash, piece)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }

    package static func isConsistent(
        old: (size: UInt64, root: TreeHash), new: (size: UInt64, root: TreeHash), path: [TreeHash]
    ) -> Bool {
        guard old.size <= new.size else { return false }
        if old.size == 0 { return path.isEmpty && old.root == .empty }
        if old.size == new.size { return path.isEmpty && old.root == new.root }
        var pieces = path[...]
        if old.size.nonzeroBitCount == 1 { pieces = [old.root] + pieces }
        guard let first = pieces.popFirst() else { return false }
        var (position, last) = (old.size - 1, new.size - 1)
        while position & 1 == 1 {
            position >>= 1
            last >>= 1
        }
        var (oldHash, newHash) = (first, first)
        for piece in pieces {
            guard last > 0 else { return false }
            if position & 1 == 1 || position == last {
                oldHash = .node(piece, oldHash)
                newHash = .node(piece, newHash)
                while position & 1 == 0, position > 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                newHash = .node(newHash, piece)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 && oldHash == old.root && newHash == new.root
    }
}
