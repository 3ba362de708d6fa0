import TestSupport

/// Makes of what is good what may be bad. A case is a function of its number alone, so one that
/// fails can be made again.
struct Mutator {
    let seeds: [[UInt8]]
    /// No case is longer.
    let byteCountMaximum: Int
    /// Words of the format: they get past the first look.
    var words: [[UInt8]] = []
    /// Makes a mutant's byte count what the format wants, which it gets in three of four cases: a
    /// wrong one is seen first, and nothing else is looked at.
    var repair: (inout [UInt8]) -> Void = { _ in }

    func mutant(_ number: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: number)
        var bytes = pick(seeds, &random)
        for _ in 0..<Int.random(in: 1...4, using: &random) { change(&bytes, &random) }
        if Int.random(in: 0..<4, using: &random) > 0 { repair(&bytes) }
        return Array(bytes.prefix(byteCountMaximum))
    }

    private func pick<T>(_ values: [T], _ random: inout SeededGenerator) -> T {
        values[Int.random(in: values.indices, using: &random)]
    }

    private func range(of bytes: [UInt8], _ random: inout SeededGenerator) -> Range<Int> {
        let start = Int.random(in: 0...bytes.count, using: &random)
        return start..<min(bytes.count, start + Int.random(in: 0...16, using: &random))
    }

    private func change(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        let isInside = place < bytes.count
        switch Int.random(in: 0..<11, using: &random) {
        case 0 where isInside: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1 where isInside: bytes[place] = pick([0, 1, 0x7f, 0x80, 0xff], &random)
        case 2 where isInside: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 4: bytes.removeSubrange(range(of: bytes, &random))
        case 5: bytes.insert(contentsOf: bytes[range(of: bytes, &random)], at: place)
        case 6: bytes.removeLast(bytes.count - place)
        case 7: bytes += bytes.prefix(Int.random(in: 0...64, using: &random))
        case 8:
            let other = pick(seeds, &random)
            bytes =
                bytes.prefix(place) + other.suffix(Int.random(in: 0...other.count, using: &random))
        case 9: setNumber(in: &bytes, at: place, &random)
        case 10 where !words.isEmpty: bytes.insert(contentsOf: pick(words, &random), at: place)
        default: bytes.append(UInt8.random(in: 0...255, using: &random))
        }
    }

    /// Counts and lengths that are as wrong as they can be.
    private func setNumber(
        in bytes: inout [UInt8], at place: Int, _ random: inout SeededGenerator
    ) {
        let width = pick([2, 4, 8], &random)
        let value = pick(
            [
                0, 1, UInt64(bytes.count), UInt64(bytes.count) + 1, .max, .max >> 1, 1 << 31,
                1 << 53,
            ],
            &random)
        for index in 0..<width where place + index < bytes.count {
            bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
        }
    }
}
