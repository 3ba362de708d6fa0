internal import Glibc

extension SystemFiles {
    /// Gives a file other contents, so that whoever reads it sees either the old or the new ones,
    /// after a crash too. Beside it, `<path>.new` is made and renamed.
    ///
    /// open(2), fsync(2), rename(2)
    package static func replaceFile(
        _ path: String, with bytes: [UInt8], mode: UInt32
    ) throws(Errno) {
        let draft = path + ".new"
        // What an interrupted call left.
        do throws(Errno) {
            try Syscalls.remove(path: draft)
        } catch .noEntry {
        }
        try writeFileExclusively(draft, bytes, mode: mode)
        try rename(draft, to: path)
    }

    /// Renames a file; what had the new name is gone. Durable when this returns.
    ///
    /// rename(2), fsync(2) of the directory
    package static func rename(_ path: String, to other: String) throws(Errno) {
        guard !path.utf8.contains(0), !other.utf8.contains(0) else { throw .invalidArgument }
        try Syscalls.done { unsafe Glibc.rename(path, other) }
        var folder = "."
        if let slash = other.lastIndex(of: "/") {
            folder = slash == other.startIndex ? "/" : String(other[..<slash])
        }
        let directory = try Syscalls.open(folder, flags: O_RDONLY | O_DIRECTORY)
        try directory.withNumber { (fd) throws(Errno) in try Syscalls.done { fsync(fd) } }
    }
}
