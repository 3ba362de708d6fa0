internal import CLinux
internal import Glibc

extension Syscalls {
    /// A path of the C world: it cannot hold a NUL.
    private static func checked(_ path: String) throws(Errno) -> String {
        guard !path.utf8.contains(0) else { throw .invalidArgument }
        return path
    }

    /// openat(2), O_CLOEXEC
    static func open(
        _ path: String, relativeTo directory: CInt = AT_FDCWD, flags: CInt, mode: mode_t = 0
    ) throws(Errno) -> Descriptor {
        let path = try checked(path)
        return try descriptor { unsafe openat(directory, path, flags | O_CLOEXEC, mode) }
    }

    /// unlink(2)
    static func remove(path: String) throws(Errno) {
        let path = try checked(path)
        try done { unsafe unlink(path) }
    }

    /// chmod(2)
    static func setMode(path: String, _ mode: mode_t) throws(Errno) {
        let path = try checked(path)
        try done { unsafe chmod(path, mode) }
    }

    /// chown(2)
    static func setGroup(path: String, _ group: gid_t) throws(Errno) {
        let path = try checked(path)
        try done { unsafe chown(path, uid_t.max, group) }
    }

    /// mkdir(2)
    static func makeDirectory(path: String, _ mode: mode_t) throws(Errno) {
        let path = try checked(path)
        try done { unsafe mkdir(path, mode) }
    }

    /// What is at a path, a link itself and not what it names; nil when nothing is.
    ///
    /// lstat(2)
    static func fileFacts(path: String) throws(Errno) -> FileFacts? {
        let path = try checked(path)
        var facts = stat()
        do throws(Errno) {
            try done { unsafe lstat(path, &facts) }
        } catch .noEntry {
            return nil
        }
        return FileFacts(facts)
    }

    /// What is open.
    ///
    /// fstat(2)
    static func fileFacts(_ fd: CInt) throws(Errno) -> FileFacts {
        var facts = stat()
        try done { unsafe fstat(fd, &facts) }
        return FileFacts(facts)
    }

    /// Device and inode of what a path names, without waiting for a remote file system.
    ///
    /// statx(2), AT_STATX_DONT_SYNC
    static func identity(
        _ path: String, relativeTo directory: CInt
    ) throws(Errno) -> (device: UInt64, inode: UInt64) {
        var device: UInt64 = 0
        var inode: UInt64 = 0
        try done { unsafe clinux_file_identity(directory, path, 1, &device, &inode) }
        return (device, inode)
    }

    /// Device and inode of what an absolute path names that leads through no symbolic link; else
    /// throws. Does not wait for a remote file system.
    ///
    /// openat2(2), RESOLVE_NO_SYMLINKS
    static func linklessIdentity(_ path: String) throws(Errno) -> (device: UInt64, inode: UInt64) {
        var device: UInt64 = 0
        var inode: UInt64 = 0
        try done { unsafe clinux_linkless_file_identity(path, &device, &inode) }
        return (device, inode)
    }

    /// As `linklessIdentity`, where openat2(2) is missing.
    ///
    /// openat(2), O_NOFOLLOW
    static func walkedIdentity(_ path: String) throws(Errno) -> (device: UInt64, inode: UInt64) {
        var device: UInt64 = 0
        var inode: UInt64 = 0
        try done { unsafe clinux_walked_file_identity(path, &device, &inode) }
        return (device, inode)
    }

    /// The bytes of what a link names.
    ///
    /// readlinkat(2)
    static func readLink(_ path: String, relativeTo directory: CInt) throws(Errno) -> [UInt8] {
        try unsafe withTemporaryBytes(capacity: Int(PATH_MAX)) { (buffer) throws(Errno) in
            let start = unsafe buffer.assumingMemoryBound(to: CChar.self).baseAddress
            guard let start = unsafe start else { throw .invalidArgument }
            let count = try value { unsafe readlinkat(directory, path, start, buffer.count) }
            return unsafe Array(buffer.prefix(count))
        }
    }

    /// Lends the contents of a file, at most so many bytes of it.
    static func withContents<R>(
        of path: String, relativeTo directory: CInt = AT_FDCWD, capacity: Int,
        _ body: (borrowing Span<UInt8>) -> R
    ) throws(Errno) -> R {
        let file = try open(path, relativeTo: directory, flags: O_RDONLY)
        return try file.withNumber { (fd) throws(Errno) in
            try unsafe withTemporaryBytes(capacity: capacity) { (buffer) throws(Errno) in
                let count = try unsafe readAll(fd, into: buffer)
                let part = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
                return unsafe body(part.bindMemory(to: UInt8.self).span)
            }
        }
    }

    /// Room for bytes that ends with the call.
    static func withTemporaryBytes<R, E: Error>(
        capacity: Int, _ body: (UnsafeMutableRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        let outcome: Result<R, E> = unsafe withUnsafeTemporaryAllocation(
            byteCount: capacity, alignment: 16
        ) { buffer in
            unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0)
            do throws(E) {
                return .success(try unsafe body(buffer))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Fills the buffer from a file as far as it goes; the count of bytes read.
    ///
    /// read(2)
    static func readAll(
        _ fd: CInt, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> Int {
        var count = 0
        while count < buffer.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
            let part = try unsafe read(fd, into: rest)
            if part == 0 { break }
            count += part
        }
        return count
    }

    /// Up to so many bytes; none at the end of the file.
    ///
    /// read(2)
    static func readSome(_ fd: CInt, atMost count: Int) throws(Errno) -> [UInt8] {
        try unsafe withTemporaryBytes(capacity: count) { (buffer) throws(Errno) in
            let read = try unsafe read(fd, into: buffer)
            return unsafe Array(buffer.prefix(read))
        }
    }

    /// write(2), until all bytes are written.
    static func write(_ fd: CInt, _ bytes: [UInt8]) throws(Errno) {
        try unsafe bytes.span.withUnsafeBytes { (bytes) throws(Errno) in
            try unsafe write(fd, bytes)
        }
    }

    /// Whether a path leads to a directory, through links too.
    ///
    /// stat(2)
    static func isDirectory(path: String) throws(Errno) -> Bool {
        let path = try checked(path)
        var facts = stat()
        try done { unsafe stat(path, &facts) }
        return facts.st_mode & S_IFMT == S_IFDIR
    }

    /// fstat(2)
    static func isRegularFile(_ fd: CInt) throws(Errno) -> Bool {
        var facts = stat()
        try done { unsafe fstat(fd, &facts) }
        return facts.st_mode & S_IFMT == S_IFREG
    }

    /// Whether this process may execute what a path leads to, a directory excluded.
    ///
    /// access(2)
    static func isExecutableFile(path: String) throws(Errno) -> Bool {
        guard try !isDirectory(path: path) else { return false }
        do throws(Errno) {
            try done { unsafe access(path, X_OK) }
            return true
        } catch .accessDenied {
            return false
        }
    }

    /// rmdir(2)
    static func removeDirectory(path: String) throws(Errno) {
        let path = try checked(path)
        try done { unsafe rmdir(path) }
    }

    /// getrlimit(2), RLIMIT_NOFILE
    static func descriptorLimit() throws(Errno) -> rlimit {
        var limit = rlimit()
        try done { unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
        return limit
    }

    /// setrlimit(2), RLIMIT_NOFILE
    static func setDescriptorLimit(_ limit: rlimit) throws(Errno) {
        var limit = limit
        try done { unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
    }

    /// The numbers of the descriptors of this process, in order, without the one this takes; or
    /// those of the process `pid`.
    ///
    /// opendir(3), proc_pid_fd(5)
    static func openDescriptors(of pid: Int32? = nil) throws(Errno) -> [CInt] {
        guard let pid else { return try numbers(inDirectory: "/proc/self/fd", withoutOwn: true) }
        return try numbers(inDirectory: "/proc/\(pid)/fd")
    }

    /// The names of a directory that are numbers, in order.
    ///
    /// opendir(3), readdir(3)
    static func numbers(
        inDirectory path: String, withoutOwn: Bool = false
    ) throws(Errno) -> [CInt] {
        guard let directory = unsafe opendir(path) else { throw Errno(rawValue: errno) }
        defer { unsafe closedir(directory) }
        let own = withoutOwn ? unsafe dirfd(directory) : -1
        var numbers: [CInt] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if let number = CInt(name), number != own { numbers.append(number) }
        }
        return numbers.sorted()
    }
}

extension Syscalls {
    /// Bytes that an ordinary user can still write on the file system of `path`.
    ///
    /// statvfs(3)
    static func freeBytes(path: String) throws(Errno) -> UInt64 {
        var facts = statvfs()
        try done { unsafe statvfs(path, &facts) }
        return UInt64(facts.f_bavail) * UInt64(facts.f_frsize)
    }
}

/// What lstat(2) says of a file.
package struct FileFacts: Sendable, Hashable {
    package var byteCount: Int64
    /// The permission bits.
    package var mode: UInt32
    package var uid: UInt32
    package var isSocket: Bool
    package var isDirectory: Bool
}

extension FileFacts {
    fileprivate init(_ facts: stat) {
        self.init(
            byteCount: Int64(facts.st_size), mode: facts.st_mode & 0o7777, uid: facts.st_uid,
            isSocket: facts.st_mode & S_IFMT == S_IFSOCK,
            isDirectory: facts.st_mode & S_IFMT == S_IFDIR)
    }
}
