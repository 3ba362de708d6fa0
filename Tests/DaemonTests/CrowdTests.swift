import Testing

@testable import Transport

@Suite struct CrowdTests {
    @Test func `two hundred handoffs among eight processes at once arrive once each`() throws {
        let coordinator = try RunningCoordinator()
        let peers = try (0..<8).map { try coordinator.peer("peer-\($0)") }
        let handoffsEach = 25
        // All is asked before any answer is read, so that the coordinator has all eight at once.
        for peer in peers {
            for number in 0..<handoffsEach { try peer.send("listen s\(number) 127.0.0.1:0 stream") }
        }
        var cookies: [[String]] = []
        for peer in peers {
            cookies.append(try (0..<handoffsEach).map { _ in try peer.result() })
        }
        for (index, peer) in peers.enumerated() {
            for number in 0..<handoffsEach {
                let target = peers[(index + 1 + number) % peers.count]
                try peer.send("duplicate s\(number) \(target.pid)")
            }
        }
        var arrivals: [[(cookie: String, record: String)]] = peers.map { _ in [] }
        for (index, peer) in peers.enumerated() {
            for number in 0..<handoffsEach {
                let target = (index + 1 + number) % peers.count
                arrivals[target].append((cookies[index][number], try peer.result()))
            }
        }
        for (peer, arrived) in zip(peers, arrivals) {
            for (number, arrival) in arrived.enumerated() {
                try peer.send("open t\(number) \(arrival.record)")
                try peer.send("open again \(arrival.record)")
            }
        }
        for (peer, arrived) in zip(peers, arrivals) {
            for arrival in arrived {
                #expect(try peer.result() == arrival.cookie)
                #expect(try peer.answer() == "refused used, 10022")
            }
        }
        let story = try coordinator.finish()
        func count(_ kind: String) -> Int { story.count { $0.hasPrefix(kind) } }
        let total = handoffsEach * peers.count
        #expect(count("handoff.issued") == total)
        #expect(count("handoff.reserved") == total)
        #expect(count("handoff.delivered") == total)
        #expect(count("redemption.refused") == total)
        #expect(count("socket.seen") == total)
        #expect(count("socket.released") == total)
        // One descriptor in each source, and one in each target.
        #expect(count("descriptor.closed") == 2 * total)
    }
}
