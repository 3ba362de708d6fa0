import Registry
import TestSupport
import Testing

@testable import Transport

/// A process whose first thread has ended, and which goes on in another one: /proc/PID/fd is empty
/// then.
@Suite(.enabled(if: Privileges.isRoot, "the kernel shows such a process to root alone"))
struct FirstThreadTests {
    @Test func `what a process has without its first thread is seen, and not called closed`() throws
    {
        let coordinator = try RunningCoordinator()
        let (source, target) = try coordinator.sourceAndTarget()
        try source.perform("listen s 127.0.0.1:0 stream")
        try target.perform("open t \(try source.perform("duplicate s \(target.pid)"))")
        try coordinator.wait(for: "handoff.delivered handoff-1 confirmed")
        try target.perform("abandon")
        try Waiting.until("its first thread has ended") {
            try Syscalls.openDescriptors(of: target.pid).isEmpty
        }

        let sockets = try coordinator.events().compactMap { event -> SocketIdentity? in
            guard case .socketSeen(let identity) = event.content else { return nil }
            return identity
        }
        let socket = try #require(sockets.first)
        let scan = try HolderScan(inodes: [socket.inode])
        #expect(scan.readable.contains(target.pid))
        let pids = try #require(scan.holders[socket.inode]).map(\.pid)
        #expect(Set(pids) == [source.pid, target.pid])
        if KernelFeatures.probe().pidfdInfo {
            // So new that descriptors can be copied from one thread.
            let handle = try ProcessHandle(pid: target.pid)
            let copies = try handle.sockets([socket.inode: socket.cookie])
            #expect(Set(copies.keys) == [socket.cookie])
        }
        let found = try source.perform("reconcile")
        #expect(found.contains("closed=0") && found.contains("released=0"), "\(found)")
        #expect(try !coordinator.story().contains { $0.hasPrefix("descriptor.closed") })
        _ = try coordinator.finish()
    }
}
