internal import Glibc

/// Where a coordinator listens and keeps its log, unless a caller says otherwise.
package enum DefaultPaths {
    /// `$BATON_SOCKET`, else `/run/baton/coordinator.sock` for root, else
    /// `baton/coordinator.sock` below `$XDG_RUNTIME_DIR` or `/run/user/UID`.
    ///
    /// environ(7)
    package static func socketPath() -> String {
        socketPath(
            effectiveUID: HostFacts.effectiveUID(), variable: HostFacts.environmentVariable)
    }

    /// `$BATON_DATABASE`, else `/var/lib/baton/registry.db` for root, else `baton/registry.db`
    /// below `$XDG_STATE_HOME` or `~/.local/state`.
    ///
    /// environ(7), getpwuid_r(3)
    package static func databasePath() -> String {
        databasePath(
            effectiveUID: HostFacts.effectiveUID(), variable: HostFacts.environmentVariable)
    }

    /// `/etc/baton/baton.yaml` for root, else `baton/baton.yaml` below `$XDG_CONFIG_HOME` or
    /// `~/.config`.
    ///
    /// environ(7), getpwuid_r(3)
    package static func configurationPath() -> String {
        configurationPath(
            effectiveUID: HostFacts.effectiveUID(), variable: HostFacts.environmentVariable)
    }

    static func configurationPath(effectiveUID: UInt32, variable: (String) -> String?) -> String {
        if effectiveUID == 0 { return "/etc/baton/baton.yaml" }
        if let directory = absolute(variable("XDG_CONFIG_HOME")) {
            return "\(directory)/baton/baton.yaml"
        }
        return "\(home(effectiveUID, variable))/.config/baton/baton.yaml"
    }

    private static func home(_ uid: UInt32, _ variable: (String) -> String?) -> String {
        absolute(variable("HOME")) ?? Syscalls.homeDirectory(uid: uid) ?? "/home/\(uid)"
    }

    static func socketPath(effectiveUID: UInt32, variable: (String) -> String?) -> String {
        if let path = variable("BATON_SOCKET"), !path.isEmpty { return path }
        if effectiveUID == 0 { return "/run/baton/coordinator.sock" }
        let directory = absolute(variable("XDG_RUNTIME_DIR")) ?? "/run/user/\(effectiveUID)"
        return "\(directory)/baton/coordinator.sock"
    }

    static func databasePath(effectiveUID: UInt32, variable: (String) -> String?) -> String {
        if let path = variable("BATON_DATABASE"), !path.isEmpty { return path }
        if effectiveUID == 0 { return "/var/lib/baton/registry.db" }
        if let directory = absolute(variable("XDG_STATE_HOME")) {
            return "\(directory)/baton/registry.db"
        }
        return "\(home(effectiveUID, variable))/.local/state/baton/registry.db"
    }

    /// All that a coordinator with these two may leave beside them, and they themselves.
    package static func files(ofDatabase database: String, socket: String) -> [String] {
        ["", "-wal", "-shm", ".lock", ".key", ".signing-key"].map { database + $0 }
            + ["", ".lock"].map { socket + $0 }
    }

    /// The XDG base directory specification has relative paths ignored.
    private static func absolute(_ path: String?) -> String? {
        guard let path, path.utf8.first == UInt8(ascii: "/") else { return nil }
        return path
    }
}

extension Syscalls {
    /// The home directory in the user database.
    ///
    /// getpwuid_r(3)
    static func homeDirectory(uid: UInt32) -> String? {
        unsafe withTemporaryBytes(capacity: 16_384) { buffer in
            var entry = unsafe passwd()
            var found: UnsafeMutablePointer<passwd>?
            let start = unsafe buffer.assumingMemoryBound(to: CChar.self).baseAddress
            guard let start = unsafe start else { return nil }
            let result = unsafe getpwuid_r(uid, &entry, start, buffer.count, &found)
            guard result == 0, let home = unsafe found?.pointee.pw_dir else { return nil }
            let path = unsafe String(cString: home)
            return path.utf8.first == UInt8(ascii: "/") ? path : nil
        }
    }
}
