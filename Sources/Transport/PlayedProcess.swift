internal import CLinux
internal import Glibc

/// The ids of a user, as a process has them.
package struct UserIDs: Sendable, Hashable {
    package var uid: UInt32
    package var gid: UInt32
    package var effectiveUID: UInt32
    package var effectiveGID: UInt32

    package init(uid: UInt32, gid: UInt32, effectiveUID: UInt32, effectiveGID: UInt32) {
        self.uid = uid
        self.gid = gid
        self.effectiveUID = effectiveUID
        self.effectiveGID = effectiveGID
    }
}

/// What a process does to itself that stands for another one.
package enum PlayedProcess {
    /// SIGKILL comes when the parent ends, however it ends. Throws `.noSuchProcess` when it has
    /// ended already. What changes the ids of this process takes that back.
    ///
    /// prctl(2), PR_SET_PDEATHSIG
    package static func end(withParent pid: Int32) throws(Errno) {
        try Syscalls.done { clinux_end_with_parent() }
        guard getppid() == pid else { throw .noSuchProcess }
    }

    /// Takes the ids of a user, with no other groups; only root may. It stays root in reserve, so
    /// that it can become another one.
    ///
    /// setresuid(2), setresgid(2), setgroups(2)
    package static func become(_ user: UserIDs) throws(Errno) {
        try Syscalls.done { clinux_set_groups(user.gid, user.effectiveGID) }
        try Syscalls.done { clinux_set_users(user.uid, user.effectiveUID, 0) }
    }

    /// Takes up root again after `become`, for an execve(2), which would take it away for good.
    ///
    /// setresuid(2)
    package static func becomeRoot() throws(Errno) {
        try Syscalls.done { clinux_set_users(.max, 0, .max) }
    }
}

extension SystemFiles {
    /// A copy of a file under a path where nothing is.
    ///
    /// open(2) with O_EXCL, read(2), write(2)
    package static func copyFile(
        _ path: String, to other: String, mode: UInt32
    ) throws(Errno) {
        let source = try Syscalls.open(path, flags: O_RDONLY)
        let copy = try Syscalls.open(other, flags: O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        while true {
            let part = try source.withNumber { (fd) throws(Errno) in
                try Syscalls.readSome(fd, atMost: 1 << 20)
            }
            if part.isEmpty { break }
            try copy.write(part)
        }
        // The mask of the process takes bits away when the file is made.
        try copy.withNumber { (fd) throws(Errno) in try Syscalls.done { fchmod(fd, mode) } }
    }

    /// Another name of a file.
    ///
    /// link(2)
    package static func link(_ path: String, as other: String) throws(Errno) {
        guard !path.utf8.contains(0), !other.utf8.contains(0) else { throw .invalidArgument }
        try Syscalls.done { unsafe Glibc.link(path, other) }
    }

    /// Gives a file or directory these permission bits, whatever the mask of the process is.
    ///
    /// chmod(2)
    package static func setMode(_ path: String, _ mode: UInt32) throws(Errno) {
        try Syscalls.setMode(path: path, mode)
    }
}
