/// The C spellings of the bits of `flags` that `table` knows, in the table's order; the bits it
/// does not know follow as one hexadecimal number.
func names(of flags: UInt32, in table: [(flag: UInt32, name: String)]) -> [String] {
    var names: [String] = []
    var unknown = flags
    for (flag, name) in table where flags & flag != 0 {
        names.append(name)
        unknown &= ~flag
    }
    if unknown != 0 {
        names.append("0x" + String(unknown, radix: 16))
    }
    return names
}
