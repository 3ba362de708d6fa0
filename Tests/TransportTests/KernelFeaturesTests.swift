import Testing

@testable import Transport

struct KernelFeaturesTests {
    @Test func `the probe finds what is there, twice the same`() throws {
        let first = KernelFeatures.probe()
        #expect(KernelFeatures.probe() == first)
        #expect(first.socketCookie && first.messageCredentials && first.deliveryKept)
        let numbers = HostFacts.kernelRelease().split { !$0.isNumber }.prefix(2).compactMap {
            Int($0)
        }
        let version = try #require(numbers.count == 2 ? numbers[0] * 1000 + numbers[1] : nil)
        // Backports can give more, but never less on a kernel of the main line.
        let since = [
            (5003, first.pidfdOpen), (5006, first.pidfdGetfd), (6005, first.peerPidfd),
            (6005, first.messagePidfd), (6009, first.pidfdInode), (6013, first.pidfdInfo),
            (6015, first.pidfdExitInfo), (6016, first.passRights),
        ]
        for (number, isPresent) in since where version >= number {
            #expect(isPresent, "since \(number)")
        }
    }

    @Test func `the probe leaves nothing behind`() async {
        await #expect(processExitsWith: .success) {
            try expectNoLeak("probe", repetitions: 100) { _ = KernelFeatures.probe() }
            // No child is left either.
            #expect(throws: Errno.noChild) { _ = try TestingFork.wait(-1) }
        }
    }

    @Test(arguments: KernelFeatures.allNames)
    func `each feature can be taken away, and only that one`(name: String) throws {
        let features = KernelFeatures.probe()
        let fewer = try #require(features.without(name))
        #expect(!fewer.names.contains(name))
        #expect(fewer.names == features.names.filter { $0 != name })
    }

    @Test func `a name that is no feature takes nothing away`() {
        #expect(KernelFeatures.probe().without("pidfd") == nil)
    }

    @Test(
        arguments: [
            (["pidfdOpen", "pidfdInode"], KernelFeatures.Grade.instance), (["pidfdOpen"], .held),
            (["pidfdInode"], .number), ([], .number),
        ] as [([String], KernelFeatures.Grade)])
    func `the grade follows from what is present`(
        names: [String], grade: KernelFeatures.Grade
    ) {
        var features = KernelFeatures()
        features.pidfdOpen = names.contains("pidfdOpen")
        features.pidfdInode = names.contains("pidfdInode")
        #expect(features.grade == grade)
    }

    @Test func `names are sorted`() {
        #expect(KernelFeatures.allNames == KernelFeatures.allNames.sorted())
        #expect(KernelFeatures.allNames.count == 13)
        #expect(KernelFeatures().names == [])
    }
}
