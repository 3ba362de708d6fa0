/// What the kernel said of a process when it was seen. Only `instance` identifies it.
package struct ProcessIdentity: Sendable, Hashable {
    package var pid: Int32
    /// The pidfs inode, unique for one boot; see `Grade` for what it is on older kernels.
    package var instance: UInt64
    /// Clock ticks after boot, field 22 of /proc/PID/stat.
    package var start: UInt64
    package var uid: UInt32
    package var gid: UInt32
    package var effectiveUID: UInt32
    package var effectiveGID: UInt32
    package var loginUID: UInt32?
    /// The bytes of the path that /proc/PID/exe names.
    package var executable: [UInt8]?
    package var executableDevice: UInt64?
    package var executableInode: UInt64?
    /// The bytes of the cgroup v2 path.
    package var controlGroup: [UInt8]?
    package var pidNamespace: UInt64?
    package var grade: Grade

    /// - Parameter effectiveGID: the real one where nothing else is said, as in older logs.
    package init(
        pid: Int32, instance: UInt64, start: UInt64, uid: UInt32, gid: UInt32,
        effectiveUID: UInt32, effectiveGID: UInt32? = nil, loginUID: UInt32? = nil,
        executable: [UInt8]? = nil, executableDevice: UInt64? = nil,
        executableInode: UInt64? = nil, controlGroup: [UInt8]? = nil,
        pidNamespace: UInt64? = nil, grade: Grade = .instance
    ) {
        self.pid = pid
        self.instance = instance
        self.start = start
        self.uid = uid
        self.gid = gid
        self.effectiveUID = effectiveUID
        self.effectiveGID = effectiveGID ?? gid
        self.loginUID = loginUID
        self.executable = executable
        self.executableDevice = executableDevice
        self.executableInode = executableInode
        self.controlGroup = controlGroup
        self.pidNamespace = pidNamespace
        self.grade = grade
    }
}

/// What the kernel said of a socket when it was seen. Only `cookie` identifies it.
package struct SocketIdentity: Sendable, Hashable {
    /// `SO_COOKIE`: never used again within one boot.
    package var cookie: UInt64
    /// The number that /proc/PID/fd and ss(8) show.
    package var inode: UInt64
    package var networkNamespace: UInt64?
    /// Linux numbers: `SO_DOMAIN`, `SO_TYPE`, `SO_PROTOCOL`.
    package var family: Int32
    package var type: Int32
    package var protocolNumber: Int32
    /// Addresses as text, absent while unbound or unconnected.
    package var local: String?
    package var remote: String?
    /// `SO_ACCEPTCONN`. It is looked at anew while the policy tells listening sockets from others.
    package var isListening: Bool

    package init(
        cookie: UInt64, inode: UInt64, networkNamespace: UInt64? = nil, family: Int32,
        type: Int32, protocolNumber: Int32, local: String? = nil, remote: String? = nil,
        isListening: Bool = false
    ) {
        self.cookie = cookie
        self.inode = inode
        self.networkNamespace = networkNamespace
        self.family = family
        self.type = type
        self.protocolNumber = protocolNumber
        self.local = local
        self.remote = remote
        self.isListening = isListening
    }
}
