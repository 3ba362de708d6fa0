import Transport

/// Files that a verb makes.
enum NewFile {
    /// An existing file is never overwritten.
    static func write(
        _ bytes: [UInt8], to file: String, mode: UInt32
    ) throws(CommandFailure) {
        do throws(Errno) {
            try SystemFiles.writeFileExclusively(file, bytes, mode: mode)
        } catch .exists {
            throw CommandFailure(
                status: .refused, message: "\(file) exists already",
                hint: "name a file that does not exist; nothing was written")
        } catch {
            throw .unreachable(
                "cannot make \(file): \(error)",
                hint: "name a file in a directory that this user may write to")
        }
    }
}
