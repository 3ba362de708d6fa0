/// Finds the values of a few short names by their bytes, as often as bodies have keys: without a
/// string, and mostly with one comparison.
struct NameTable<Value: Sendable>: Sendable {
    private struct Entry {
        var head: UInt64
        var name: [UInt8]
        var value: Value
    }

    private var places: [Entry?]

    /// - Parameter entries: at most half as many as there are places, so that a search ends soon.
    init(_ entries: [(name: [UInt8], value: Value)]) {
        precondition(entries.count <= Self.placeCount / 2, "a table of names is for a few of them")
        places = Array(repeating: nil, count: Self.placeCount)
        for entry in entries {
            let head = Self.head(entry.name[...])
            var place = Self.place(head)
            while places[place] != nil { place = (place + 1) % Self.placeCount }
            places[place] = Entry(head: head, name: entry.name, value: entry.value)
        }
    }

    func find(_ name: ArraySlice<UInt8>) -> Value? {
        let head = Self.head(name)
        var place = Self.place(head)
        while let entry = places[place] {
            if entry.head == head, entry.name.count == name.count,
                name.count <= Self.headCount
                    || name.dropFirst(Self.headCount)
                        .elementsEqual(entry.name.dropFirst(Self.headCount))
            {
                return entry.value
            }
            place = (place + 1) % Self.placeCount
        }
        return nil
    }

    private static var placeCount: Int { 256 }

    /// How many bytes of a name are in its head.
    private static var headCount: Int { 7 }

    /// The first bytes and the length: all there is of a short name.
    private static func head(_ name: ArraySlice<UInt8>) -> UInt64 {
        var head = UInt64(name.count)
        for byte in name.prefix(headCount) { head = head << 8 | UInt64(byte) }
        return head
    }

    /// By the upper bits of a product, which depend on all bits of the head (Knuth's multiplicative
    /// hashing; the factor is 2 to the 64th over the golden ratio).
    private static func place(_ head: UInt64) -> Int {
        Int(truncatingIfNeeded: (head &* 0x9e37_79b9_7f4a_7c15) >> 56)
    }
}
