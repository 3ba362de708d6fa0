/// Finds the values of a few short names by their bytes, as often as bodies have keys: without a
/// string, and mostly with one comparison.
struct NameTable<Value: Sendable>: Sendable {
    private var places: [(name: [UInt8], value: Value)?]

    /// - Parameter entries: at most half as many as there are places, so that a search ends soon.
    init(_ entries: [(name: [UInt8], value: Value)]) {
        precondition(entries.count <= Self.placeCount / 2, "a table of names is for a few of them")
        places = Array(repeating: nil, count: Self.placeCount)
        for entry in entries {
            var place = Self.place(entry.name[...])
            while places[place] != nil { place = (place + 1) % Self.placeCount }
            places[place] = entry
        }
    }

    func find(_ name: ArraySlice<UInt8>) -> Value? {
        var place = Self.place(name)
        while let entry = places[place] {
            if entry.name.count == name.count, name.elementsEqual(entry.name) {
                return entry.value
            }
            place = (place + 1) % Self.placeCount
        }
        return nil
    }

    private static var placeCount: Int { 256 }

    private static func place(_ name: ArraySlice<UInt8>) -> Int {
        guard let first = name.first, let last = name.last else { return 0 }
        let middle = name[name.startIndex + name.count / 2]
        return (name.count + Int(first) * 31 + Int(middle) * 7 + Int(last) * 13) % placeCount
    }
}
