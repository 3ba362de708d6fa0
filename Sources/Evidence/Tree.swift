/// The right edge of the tree over all events: what is needed to add a leaf and to know the root.
///
/// Full tiles are given away as they fill up; of each level at most 255 hashes are kept.
package struct Tree: Sendable {
    /// A tile has 2⁸ hashes: C2SP tlog-tiles.
    package static let tileHeight = 8
    package static let tileWidth = 1 << tileHeight

    /// How many leaves there are.
    package private(set) var size: UInt64 = 0
    /// The roots of the complete subtrees of which the tree consists, the largest first: as many as
    /// the size has one-bits.
    private var stack: [TreeHash] = []
    /// The hashes of the tile that is not full yet, of each level.
    private var edge: [[TreeHash]] = [[]]
    /// What is in no full tile yet, by level.
    package var rightEdge: [[TreeHash]] { edge }

    package init() {}

    /// A tree of which the full tiles are elsewhere. `hash` gives one hash of a level, which has
    /// one for each full tile of the level below, and level 0 one for each leaf.
    package init<E: Error>(
        size: UInt64, hash: (_ level: Int, _ index: UInt64) throws(E) -> TreeHash
    ) throws(E) {
        self.size = size
        edge = []
        var count = size
        repeat {
            let full = count / UInt64(Self.tileWidth) * UInt64(Self.tileWidth)
            var hashes: [TreeHash] = []
            for index in full..<count { hashes.append(try hash(edge.count, index)) }
            edge.append(hashes)
            count /= UInt64(Self.tileWidth)
        } while count > 0
        // Eight bits of the size are the length of one edge, and the subtrees of these heights.
        for hashes in edge.reversed() {
            var rest = hashes[...]
            for height in stride(from: Self.tileHeight - 1, through: 0, by: -1)
            where hashes.count >> height & 1 == 1 {
                stack.append(Self.root(ofComplete: rest.prefix(1 << height)))
                rest = rest.dropFirst(1 << height)
            }
        }
    }

    /// The root over a power of two of hashes.
    package static func root(ofComplete hashes: some Collection<TreeHash>) -> TreeHash {
        precondition(hashes.count.nonzeroBitCount == 1, "the tree is complete")
        var row = Array(hashes)
        while row.count > 1 {
            row = stride(from: 0, to: row.count, by: 2).map { .node(row[$0], row[$0 + 1]) }
        }
        return row[0]
    }

    /// Adds a leaf. `full` takes each tile that it made full: its level, its number in the level,
    /// and its hashes.
    package mutating func append<E: Error>(
        _ leaf: TreeHash,
        full: (_ level: Int, _ number: UInt64, _ hashes: [TreeHash]) throws(E) -> Void
    ) throws(E) {
        size += 1
        stack.append(leaf)
        try place(leaf, level: 0, full)
        for height in 0..<size.trailingZeroBitCount {
            let right = stack.removeLast()
            let node = TreeHash.node(stack.removeLast(), right)
            stack.append(node)
            if (height + 1).isMultiple(of: Self.tileHeight) {
                try place(node, level: (height + 1) / Self.tileHeight, full)
            }
        }
    }

    private mutating func place<E: Error>(
        _ hash: TreeHash, level: Int,
        _ full: (_ level: Int, _ number: UInt64, _ hashes: [TreeHash]) throws(E) -> Void
    ) throws(E) {
        if level == edge.count { edge.append([]) }
        edge[level].append(hash)
        guard edge[level].count == Self.tileWidth else { return }
        let number = size >> UInt64((level + 1) * Self.tileHeight) - 1
        try full(level, number, edge[level])
        edge[level].removeAll(keepingCapacity: true)
    }

    /// The root over all leaves so far; of none, the hash of nothing.
    package var root: TreeHash {
        guard var root = stack.last else { return .empty }
        for left in stack.dropLast().reversed() { root = .node(left, root) }
        return root
    }

    /// How many full tiles there are of one level.
    package static func fullTiles(level: Int, size: UInt64) -> UInt64 {
        size >> UInt64((level + 1) * tileHeight)
    }
}
