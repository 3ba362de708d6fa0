extension CallerMemory {
    /// The units of a text up to its NUL, at most `limit` of them: bytes, or 16-bit units.
    package static func readText<Unit: FixedWidthInteger & UnsignedInteger>(
        of unit: Unit.Type, at address: UnsafeRawPointer?, limit: Int
    ) throws(Errno) -> [Unit] {
        guard let address = unsafe address else { throw .badAddress }
        let width = MemoryLayout<Unit>.size
        var units: [Unit] = []
        while units.count < limit {
            let next = unsafe address + units.count * width
            // Never across the end of a page: the next one need not be there.
            let left = (4096 - Int(bitPattern: next) & 4095) / width
            let count = min(max(left, 1), limit - units.count)
            let bytes = unsafe try read(count * width, at: next)
            for index in 0..<count {
                let value = unsafe bytes.withUnsafeBytes {
                    unsafe $0.loadUnaligned(fromByteOffset: index * width, as: Unit.self)
                }
                if value == 0 { return units }
                units.append(value)
            }
        }
        return units
    }
}
