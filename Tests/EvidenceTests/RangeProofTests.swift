import Testing

@testable import Evidence

/// Proofs of leaves that follow one another.
struct RangeProofTests {
    private let model = Model(leaves: (0..<21).map { TreeHash.leaf([$0]) })

    private func root(
        _ range: Range<UInt64>, _ size: UInt64, _ path: [TreeHash], leaves: [TreeHash]? = nil
    ) -> TreeHash? {
        let own = Array(model.leaves[Int(range.lowerBound)..<Int(range.upperBound)])
        return Proof.root(of: leaves ?? own, from: range.lowerBound, size: size, path: path)
    }

    @Test func `every range of small trees is proved, and nothing else by its proof`() {
        let maker = model.maker()
        for size in 1...UInt64(21) {
            let whole = maker.root(size)
            for first in 0..<size {
                for end in first + 1...size {
                    let range = first..<end
                    let path = maker.range(range, size: size)
                    #expect(root(range, size, path) == whole)
                    #expect(root(range, size, path + [.empty]) == nil)
                    for place in path.indices {
                        var other = path
                        other[place] = .empty
                        #expect(root(range, size, other) != whole)
                        other = path
                        other.remove(at: place)
                        #expect(root(range, size, other) == nil)
                    }
                }
            }
        }
    }

    @Test func `another leaf, another place or one leaf less is another root or none`() {
        let maker = model.maker()
        let size: UInt64 = 21
        let whole = maker.root(size)
        for range in [0..<21, 0..<1, 5..<20, 19..<21, 7..<8] as [Range<UInt64>] {
            let path = maker.range(range, size: size)
            let leaves = Array(model.leaves[Int(range.lowerBound)..<Int(range.upperBound)])
            for place in leaves.indices {
                var other = leaves
                other[place] = .empty
                #expect(root(range, size, path, leaves: other) != whole)
                other = leaves
                other.remove(at: place)
                #expect(root(range, size, path, leaves: other) != whole)
                other = leaves
                other.insert(.empty, at: place)
                #expect(root(range, size, path, leaves: other) != whole)
            }
            for first in 0..<size where first != range.lowerBound {
                #expect(Proof.root(of: leaves, from: first, size: size, path: path) != whole)
            }
        }
    }

    @Test func `of one leaf it has the hashes of its inclusion proof`() {
        let maker = model.maker()
        for size in 1...UInt64(21) {
            for index in 0..<size {
                let path = maker.inclusion(of: index, size: size)
                #expect(Set(maker.range(index..<index + 1, size: size)) == Set(path))
                #expect(maker.range(index..<index + 1, size: size).count == path.count)
            }
        }
    }

    @Test func `sizes that no tree has end, and do not trap`() {
        let leaf = TreeHash.leaf([1])
        #expect(Proof.root(of: [], from: 0, size: 1, path: []) == nil)
        #expect(Proof.root(of: [leaf], from: 0, size: 0, path: []) == nil)
        #expect(Proof.root(of: [leaf], from: .max, size: .max, path: []) == nil)
        #expect(Proof.root(of: [leaf], from: .max - 1, size: .max, path: []) == nil)
        let path = [TreeHash](repeating: .empty, count: 63)
        #expect(Proof.root(of: [leaf], from: 0, size: 1 << 63, path: path) != nil)
        for count in [0, 63, 65, 126, 200] {
            let other = [TreeHash](repeating: .empty, count: count)
            #expect(Proof.root(of: [leaf], from: 1 << 62, size: .max, path: other) == nil)
        }
    }
}
