import Glibc
import Testing

@testable import Transport

/// What a keeper is made of.
@Suite struct KeepingTests {
    @Test func `what is kept is known by its number until it is forgotten`() throws {
        let kept = try KeptDescriptors(capacity: 4096)
        let first = SharedDescriptor(try Sockets.unbound(.stream))
        let second = SharedDescriptor(try Sockets.unbound(.stream))
        #expect(kept.keep(second, as: .escrow, label: 7, epoch: 3))
        #expect(kept.keep(first, as: .stored, label: .max, epoch: .max))
        let entries = kept.entries
        #expect(entries.map(\.number) == entries.map(\.number).sorted())
        let number = second.withNumber { $0 }
        #expect(
            kept.entry(of: number)
                == KeptDescriptors.Entry(number: number, kind: .escrow, label: 7, epoch: 3))
        let cookies = Set(entries.map { kept.cookie(of: $0) })
        let expected = try [first, second].map { try Sockets.cookie(of: $0.descriptor) }
        #expect(cookies == Set(expected))
        kept.forget(second)
        #expect(kept.entry(of: number) == nil)
        #expect(kept.entries.map(\.label) == [.max])
    }

    @Test func `a number beyond the capacity is not kept`() throws {
        let kept = try KeptDescriptors(capacity: 3)
        let descriptor = SharedDescriptor(try SystemFiles.nullDevice())
        #expect(!kept.keep(descriptor, as: .escrow))
        kept.forget(descriptor)
        #expect(kept.entries.isEmpty)
    }

    @Test func `a process with several threads makes no child that shares its descriptors`()
        throws
    {
        // The tests run on threads of their own.
        #expect(throws: Errno.busy) { _ = try SharingChild.make() }
    }

    @Test func `everything that is not kept is closed, what lingers is left`() async {
        await #expect(processExitsWith: .success) {
            let kept = try KeptDescriptors(capacity: 4096)
            let listener = try Sockets.listen("127.0.0.1:0", kind: .stream)
            let address = "127.0.0.1:\(try Sockets.localPort(listener))"
            let lingering = SharedDescriptor(try Sockets.connect(address, kind: .stream))
            try Sockets.setLinger(lingering.descriptor, seconds: 5)
            let plain = SharedDescriptor(try Sockets.connect(address, kind: .stream))
            let held = SharedDescriptor(try Sockets.connect(address, kind: .stream))
            // What the test's own process has open must live on.
            try kept.keepOpen()
            kept.forget(lingering)
            kept.forget(plain)
            try #require(kept.keep(held, as: .escrow, label: 1))
            try kept.closeTheRest()
            let number = lingering.withNumber { $0 }
            #expect(kept.entry(of: number)?.kind == .lingering)
            #expect(try held.descriptor.isCloseOnExec())
            #expect(throws: Errno.badDescriptor) { try plain.descriptor.isCloseOnExec() }
            // Its owner would close what is no longer there.
            KeptDescriptors.leave([plain])
        }
    }

    @Test func `a table without a free number is cleared too`() async {
        await #expect(processExitsWith: .success) {
            let kept = try KeptDescriptors(capacity: 4096)
            try kept.keepOpen()
            let held = SharedDescriptor(try Sockets.unbound(.stream))
            try #require(kept.keep(held, as: .escrow, label: 1))
            var rest: [SharedDescriptor] = []
            try HostFacts.setDescriptorLimit(UInt64(try HostFacts.openDescriptorCount()) + 8)
            #expect(throws: Errno.tooManyOpenFiles) {
                while true { rest.append(SharedDescriptor(try SystemFiles.nullDevice())) }
            }
            #expect(throws: Errno.tooManyOpenFiles) { _ = try HostFacts.openDescriptors() }
            #expect(throws: Errno.tooManyOpenFiles) { _ = try HostFacts.bootID() }
            #expect(throws: Errno.tooManyOpenFiles) { _ = try HostFacts.unseenOfOtherUsers() }
            #expect(!HostFacts.hostName().isEmpty)
            try kept.closeTheRest()
            #expect(try held.descriptor.isCloseOnExec())
            for other in rest {
                #expect(throws: Errno.badDescriptor) { try other.descriptor.isCloseOnExec() }
            }
            KeptDescriptors.leave(rest)
        }
    }

    @Test func `what was handed over is taken once, by the process that it is for`() async {
        await #expect(processExitsWith: .success) {
            let held = SharedDescriptor(try Sockets.unbound(.stream))
            let number = held.withNumber { $0 }
            let table = SharedDescriptor(try Syscalls.memoryFile("table"))
            try table.descriptor.write(Array("4 5 1\n\(number) 1 7 3\n".utf8))
            try table.withNumber { (fd) throws(Errno) in try Syscalls.rewind(fd) }
            let place = table.withNumber { $0 }
            let own = HostFacts.ownPID()
            try Programs.setEnvironmentVariable("BATON_KEPT", to: "\(own + 1):\(place)")
            #expect(try KeptDescriptors.takeOver(capacity: 4096) == nil)
            try Programs.setEnvironmentVariable("BATON_KEPT", to: "\(own):\(place)")
            let kept = try #require(try KeptDescriptors.takeOver(capacity: 4096))
            #expect(
                kept.entries == [
                    KeptDescriptors.Entry(number: number, kind: .escrow, label: 7, epoch: 3)
                ])
            #expect(kept[.restarts] == 4 && kept[.lostKeeper] == 5 && kept[.hasStored] == 1)
            #expect(try held.descriptor.isCloseOnExec())
            #expect(HostFacts.environmentVariable("BATON_KEPT") == nil)
            #expect(try KeptDescriptors.takeOver(capacity: 4096) == nil)
            // The table was taken over, and closed.
            KeptDescriptors.leave([table])
        }
    }

    @Test(arguments: [
        "", "no number\n", "0\n", "0 0 0\n5 1 7\n", "0 0 0\n5 99 7 3\n", "0 0 0\n-1 1 7 3\n",
    ])
    func `a table that cannot be read is an error`(text: String) async {
        await #expect(processExitsWith: .success) { [text = text as String] in
            let table = SharedDescriptor(try Syscalls.memoryFile("table"))
            try table.descriptor.write(Array(text.utf8))
            try table.withNumber { (fd) throws(Errno) in try Syscalls.rewind(fd) }
            let place = table.withNumber { $0 }
            try Programs.setEnvironmentVariable(
                "BATON_KEPT", to: "\(HostFacts.ownPID()):\(place)")
            #expect(throws: Errno.invalidArgument) {
                _ = try KeptDescriptors.takeOver(capacity: 4096)
            }
            KeptDescriptors.leave([table])
        }
    }

    @Test func `a process is opened again by its instance, and not once it was reaped`() throws {
        let features = KernelFeatures.probe()
        try #require(features.pidfdInode, "this kernel has no pidfs")
        var plan = ChildPlan(path: "/bin/cat", arguments: ["cat"])
        plan.standardInput = .piped
        plan.standardOutput = .discarded
        let child = try ChildProcess.spawn(plan)
        let instance = try child.handle.instance(features: features)
        do {
            let again = try ProcessHandle(instance: instance)
            #expect(try again.pid() == child.pid)
            #expect(try again.instance(features: features) == instance)
        }
        try child.kill(SIGKILL)
        _ = try child.wait()
        #expect(throws: Errno.stale) { _ = try ProcessHandle(instance: instance) }
    }
}
