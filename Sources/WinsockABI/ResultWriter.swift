internal import Transport

/// Fills the room of a thread's result: a structure, and behind it what its pointers name. Lists
/// are cut where the room ends.
@unsafe struct ResultWriter {
    private let room: UnsafeMutableRawBufferPointer
    private var used: Int

    init(_ kind: ThreadResult, byteCount: Int) {
        unsafe room = unsafe kind.room
        unsafe used = byteCount
    }

    var start: UnsafeMutableRawPointer? { unsafe room.baseAddress }

    func setPointer(_ offset: Int, _ pointer: UnsafeMutableRawPointer?) {
        guard let start = unsafe start else { return }
        unsafe store(pointer, at: start + offset)
    }

    func setHalfWord(_ offset: Int, _ number: UInt16) {
        unsafe room.storeBytes(of: number, toByteOffset: offset, as: UInt16.self)
    }

    /// A text with its NUL.
    mutating func text(_ text: [UInt8]) -> UnsafeMutableRawPointer? {
        unsafe place(text + [0]) ?? place([0])
    }

    /// Pointers to the pieces, then NULL.
    mutating func list(_ pieces: [[UInt8]]) -> UnsafeMutableRawPointer? {
        var pointers = unsafe [UnsafeMutableRawPointer]()
        for piece in pieces {
            // There must be room for the list itself.
            guard unsafe used + piece.count + 8 * (pointers.count + 4) <= room.count,
                let placed = unsafe place(piece)
            else { break }
            unsafe pointers.append(placed)
        }
        unsafe used = (used + 7) / 8 * 8
        let zeros = [UInt8](repeating: 0, count: unsafe 8 * (pointers.count + 1))
        guard let list = unsafe place(zeros) else { return nil }
        for index in unsafe pointers.indices {
            unsafe store(pointers[index], at: list + 8 * index)
        }
        return unsafe list
    }

    private mutating func place(_ bytes: [UInt8]) -> UnsafeMutableRawPointer? {
        guard let start = unsafe start, unsafe used + bytes.count <= room.count else { return nil }
        let place = unsafe start + used
        unsafe place.copyMemory(from: bytes, byteCount: bytes.count)
        unsafe used += bytes.count
        return unsafe place
    }
}
