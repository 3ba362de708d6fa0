internal import Glibc

/// Holds a lock file as long as it lives; the kernel gives it back when the process dies.
///
/// flock(2)
package struct LockFile: ~Copyable, Sendable, NumberedDescriptor {
    private let descriptor: Descriptor

    private init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    /// Takes the lock, or gives nil when it is held elsewhere. Makes the file, for its owner only.
    ///
    /// A child made by fork(2) or clone(2) holds it too.
    package static func acquire(path: String) throws(Errno) -> LockFile? {
        let file = try Syscalls.open(path, flags: O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        do throws(Errno) {
            try file.withNumber { (fd) throws(Errno) in
                try Syscalls.done { flock(fd, LOCK_EX | LOCK_NB) }
            }
            return LockFile(file)
        } catch .again {
            return nil
        }
    }

    package borrowing func withNumber<R: ~Copyable, E: Error>(
        _ body: (CInt) throws(E) -> R
    ) throws(E) -> R {
        try descriptor.withNumber(body)
    }
}

/// The few files that the shell needs beside its database.
package enum SystemFiles {
    /// The whole file. Throws `.fileTooLarge` when it has more than `limit` bytes. Waits for what
    /// is written into a FIFO or typed at a terminal.
    ///
    /// read(2)
    package static func readFile(_ path: String, limit: Int) throws(Errno) -> [UInt8] {
        try read(try Syscalls.open(path, flags: O_RDONLY), limit: limit)
    }

    /// As `readFile`, without ever waiting for another process: nil when something else than a
    /// regular file is there, as a FIFO, a device or a directory.
    ///
    /// open(2) with O_NONBLOCK, fstat(2)
    package static func readRegularFile(_ path: String, limit: Int) throws(Errno) -> [UInt8]? {
        let file: Descriptor
        do throws(Errno) {
            file = try Syscalls.open(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
        } catch .noDeviceOrAddress {
            // A socket, or a device of which there is only the name.
            return nil
        }
        let isRegular = try file.withNumber { (fd) throws(Errno) in
            try Syscalls.isRegularFile(fd)
        }
        guard isRegular else { return nil }
        return try read(file, limit: limit)
    }

    /// The whole file, and what it is: of one and the same, whatever is at the path meanwhile.
    ///
    /// fstat(2), read(2)
    package static func readFileWithFacts(
        _ path: String, limit: Int
    ) throws(Errno) -> (bytes: [UInt8], facts: FileFacts) {
        let file = try Syscalls.open(path, flags: O_RDONLY)
        let facts = try file.withNumber { (fd) throws(Errno) in try Syscalls.fileFacts(fd) }
        return (try read(file, limit: limit), facts)
    }

    private static func read(
        _ file: consuming Descriptor, limit: Int
    ) throws(Errno) -> [UInt8] {
        precondition(limit >= 0, "A limit is a count of bytes.")
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            let count = bytes.count
            let room = min(65_536, limit + 1 - count)
            let part = try file.withNumber { (fd) throws(Errno) in
                try Syscalls.readSome(fd, atMost: room)
            }
            if part.isEmpty { return bytes }
            bytes += part
        }
        throw .fileTooLarge
    }

    /// Makes a file that did not exist, with all its bytes on disk. Throws `.exists` otherwise.
    ///
    /// open(2) with O_EXCL, fchown(2), fsync(2)
    /// - Parameter owner: another user than this process's, which only root may give.
    package static func writeFileExclusively(
        _ path: String, _ bytes: [UInt8], mode: UInt32, owner: UInt32? = nil
    ) throws(Errno) {
        let file = try Syscalls.open(path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        do throws(Errno) {
            try file.withNumber { (fd) throws(Errno) in
                if let owner { try Syscalls.done { fchown(fd, owner, gid_t.max) } }
                // The mask of the process takes bits away when the file is made.
                try Syscalls.done { fchmod(fd, mode) }
                try Syscalls.write(fd, bytes)
                try Syscalls.done { fsync(fd) }
            }
        } catch {
            try Syscalls.remove(path: path)
            throw error
        }
    }

    /// Makes a directory and those above it that are missing.
    ///
    /// mkdir(2)
    package static func makeDirectories(_ path: String, mode: UInt32) throws(Errno) {
        var prefix = path.utf8.first == UInt8(ascii: "/") ? "/" : ""
        for component in path.split(separator: "/", omittingEmptySubsequences: true) {
            prefix += component
            do throws(Errno) {
                try Syscalls.makeDirectory(path: prefix, mode)
            } catch .exists {
                guard try Syscalls.isDirectory(path: prefix) else { throw .notADirectory }
            }
            prefix += "/"
        }
    }

    /// Makes one directory, in one that is there. Throws `.exists` when anything has the name, a
    /// link too, whatever that leads to: so nobody else has made what is used afterwards.
    ///
    /// mkdir(2)
    package static func makeNewDirectory(_ path: String, mode: UInt32) throws(Errno) {
        try Syscalls.makeDirectory(path: path, mode)
    }

    /// A name that this process has to itself in a directory of many, beginning with `kind` and its
    /// PID. What an earlier process of the same PID has left is not in its way.
    ///
    /// getpid(2), getrandom(2)
    package static func scratchName(_ kind: String) -> String {
        let random = UInt32(truncatingIfNeeded: randomUInt64())
        return "\(kind)-\(HostFacts.ownPID())-\(String(random, radix: 36))"
    }

    /// What is at a path, a link itself and not what it names; nil when nothing is.
    ///
    /// lstat(2)
    package static func facts(of path: String) throws(Errno) -> FileFacts? {
        try Syscalls.fileFacts(path: path)
    }

    /// Device and inode of the file at this path; nil where there is none that we may look at.
    ///
    /// statx(2)
    package static func identity(ofFileAt path: [UInt8]) -> (device: UInt64, inode: UInt64)? {
        guard let path = String(validating: path, as: UTF8.self) else { return nil }
        do throws(Errno) {
            return try Syscalls.identity(path, relativeTo: AT_FDCWD)
        } catch {
            return nil
        }
    }

    /// Device and inode of an executable at the path that the kernel names, in which there are no
    /// links: what anybody may have put in their place since is not followed. Nil where there is
    /// none that we may look at.
    ///
    /// openat2(2), statx(2)
    package static func identity(
        ofExecutableAt path: [UInt8]
    ) -> (device: UInt64, inode: UInt64)? {
        guard let path = String(validating: path, as: UTF8.self) else { return nil }
        do throws(Errno) {
            return try Syscalls.linklessIdentity(path)
        } catch {
            return nil
        }
    }

    /// What a symbolic link names.
    ///
    /// readlink(2)
    package static func target(ofLink path: String) throws(Errno) -> String {
        String(decoding: try Syscalls.readLink(path, relativeTo: AT_FDCWD), as: UTF8.self)
    }

    /// Bytes that an ordinary user can still write on the file system of `path`.
    ///
    /// statvfs(3)
    package static func freeBytes(at path: String) throws(Errno) -> UInt64 {
        try Syscalls.freeBytes(path: path)
    }

    /// Reads as empty, and takes every write: null(4).
    package static func nullDevice() throws(Errno) -> Descriptor {
        try Syscalls.open("/dev/null", flags: O_RDWR)
    }

    /// Removes a file, but not a directory.
    ///
    /// unlink(2)
    package static func remove(_ path: String) throws(Errno) {
        try Syscalls.remove(path: path)
    }

    /// Removes an empty directory.
    ///
    /// rmdir(2)
    package static func removeDirectory(_ path: String) throws(Errno) {
        try Syscalls.removeDirectory(path: path)
    }
}
