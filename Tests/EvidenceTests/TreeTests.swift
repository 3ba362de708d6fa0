import Crypto
import Testing

@testable import Evidence

struct TreeTests {
    @Test func `roots and tiles of 70,000 leaves are those of the other program`() throws {
        let golden = try Golden.read()
        var tree = Tree()
        var digests: [String: String] = [:]
        var tileCount = 0
        for index in 0...Golden.leafCount {
            if let root = Golden.roots[tree.size] { #expect(tree.root.base64 == root) }
            guard index < Golden.leafCount else { break }
            let body = Golden.body(index)
            if index == golden.index { #expect(body == Array(golden.leaf.utf8)) }
            tree.append(.leaf(body)) { level, number, hashes in
                tileCount += 1
                let bytes = hashes.flatMap(\.bytes)
                #expect(bytes.count == 8192)
                digests["\(level)/\(number)"] = SHA256.hash(data: bytes).map { byte in
                    (byte < 16 ? "0" : "") + String(byte, radix: 16)
                }.joined()
            }
        }
        #expect(tileCount == 273 + 1)
        for (tile, digest) in Golden.tiles { #expect(digests[tile] == digest, "\(tile)") }
    }

    @Test func `proofs of 70,000 leaves are those of the other program`() throws {
        let golden = try Golden.read()
        let model = Model(leaves: (0..<Golden.leafCount).map { .leaf(Golden.body($0)) })
        let maker = model.maker()
        let size = Golden.leafCount
        let root = maker.root(size)
        let path = maker.inclusion(of: golden.index, size: size)
        #expect(path.map(\.base64) == golden.incl)
        let leaf = TreeHash.leaf(Array(golden.leaf.utf8))
        #expect(Proof.includes(leaf, at: golden.index, size: size, root: root, path: path))
        let old = try #require(SignedNote(golden.old).flatMap { Checkpoint($0.text) })
        let consistency = maker.consistency(from: old.size, to: size)
        #expect(consistency.map(\.base64) == golden.cons)
        #expect(
            Proof.isConsistent(
                old: (old.size, old.root), new: (size, root), path: consistency))
        let note = try #require(SignedNote(golden.checkpoint))
        let proof = EventProof(index: golden.index, path: path, note: note)
        #expect(try proof.description == Golden.text(of: "ev.tlog-proof"))
    }

    @Test func `a tree that is taken up again at any size goes on as if it had not been`() {
        let leaves = (0..<600).map { TreeHash.leaf([UInt8($0 & 255), UInt8($0 >> 8)]) }
        let model = Model(leaves: leaves)
        var whole = Tree()
        var tiles: [String: [TreeHash]] = [:]
        for size in 0...600 {
            #expect(whole.root == model.root(0..<size))
            if size % 50 < 3 || size % 256 < 3 || size % 256 > 253 {
                var again = Tree(size: UInt64(size)) { level, index in
                    let begin = Int(index) << (8 * level)
                    return model.root(begin..<begin + 1 << (8 * level))
                }
                #expect(again.root == whole.root)
                var repeated: [String: [TreeHash]] = [:]
                for leaf in leaves[size...] {
                    again.append(leaf) { repeated["\($0)/\($1)"] = $2 }
                }
                #expect(again.root == model.root(0..<600))
                #expect(repeated.count == 2 - size / 256)
                if size >= 256, size < 512 { #expect(repeated["0/1"] == Array(leaves[256..<512])) }
            }
            if size < 600 { whole.append(leaves[size]) { tiles["\($0)/\($1)"] = $2 } }
        }
        #expect(tiles == ["0/0": Array(leaves[..<256]), "0/1": Array(leaves[256..<512])])
    }

    @Test func `every inclusion proof of small trees holds, and for nothing else`() {
        let model = Model(leaves: (0..<70).map { TreeHash.leaf([$0]) })
        let maker = model.maker()
        for size in 1...UInt64(70) {
            let root = maker.root(size)
            for index in 0..<size {
                let leaf = model.leaves[Int(index)]
                let path = maker.inclusion(of: index, size: size)
                func holds(
                    _ leaf: TreeHash, _ index: UInt64, _ root: TreeHash, _ path: [TreeHash]
                ) -> Bool { Proof.includes(leaf, at: index, size: size, root: root, path: path) }
                #expect(holds(leaf, index, root, path))
                #expect(!holds(.empty, index, root, path))
                #expect(!holds(leaf, index, .empty, path))
                #expect(!holds(leaf, size, root, path))
                #expect(!holds(leaf, index, root, path + [.empty]))
                if !path.isEmpty { #expect(!holds(leaf, index, root, path.dropLast())) }
                for place in path.indices {
                    var other = path
                    other[place] = .empty
                    #expect(!holds(leaf, index, root, other))
                }
                #expect((0..<size).allSatisfy { $0 == index || !holds(leaf, $0, root, path) })
            }
        }
    }

    @Test func `every consistency proof of small trees holds, and for nothing else`() {
        let model = Model(leaves: (0..<70).map { TreeHash.leaf([$0]) })
        let maker = model.maker()
        for size in 1...UInt64(70) {
            let new = (size: size, root: maker.root(size))
            #expect(Proof.isConsistent(old: (0, .empty), new: new, path: []))
            for count in 1...size {
                let old = (size: count, root: maker.root(count))
                let path = maker.consistency(from: count, to: size)
                #expect(Proof.isConsistent(old: old, new: new, path: path))
                #expect(!Proof.isConsistent(old: (count, .empty), new: new, path: path))
                #expect(!Proof.isConsistent(old: old, new: (size, .empty), path: path))
                #expect(!Proof.isConsistent(old: old, new: new, path: path + [.empty]))
                for place in path.indices {
                    var other = path
                    other[place] = .empty
                    #expect(!Proof.isConsistent(old: old, new: new, path: other))
                    other = path
                    other.remove(at: place)
                    #expect(!Proof.isConsistent(old: old, new: new, path: other))
                }
            }
        }
        #expect(!Proof.isConsistent(old: (2, .empty), new: (1, .empty), path: []))
    }
}
