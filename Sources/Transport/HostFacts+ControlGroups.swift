extension HostFacts {
    /// What of processes the kernel does not show us, root or not, because we are in a namespace of
    /// control groups that is not the host's: the groups outside of it.
    ///
    /// cgroup_namespaces(7)
    package static func unseenOfOtherNamespaces() -> [String] {
        // A kernel without such namespaces has no such file.
        guard let own = SystemFiles.identity(ofFileAt: Array("/proc/self/ns/cgroup".utf8)),
            own.inode != hostControlGroups
        else { return [] }
        return ["control_groups"]
    }

    /// PROC_CGROUP_INIT_INO of the kernel.
    private static let hostControlGroups: UInt64 = 0xEFFF_FFFB
}
