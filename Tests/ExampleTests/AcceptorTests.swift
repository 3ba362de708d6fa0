import Journal
import Registry
import Testing
import Transport

@Suite("The acceptor and its workers")
struct AcceptorTests {
    private static let workerCount = 3
    private static let clientCount = 40

    @Test("every client gets its line while two workers are killed")
    func killedWorkers() throws {
        let service = try EchoService(workerCount: Self.workerCount)
        let first = try EchoClient(port: service.port)
        try first.say("first")
        let victim = try first.answer(to: "first")

        // Nobody says a word yet: each worker opens one connection and waits for its line, and the
        // coordinator holds the others.
        var clients: [EchoClient] = []
        for _ in 0..<Self.clientCount { clients.append(try EchoClient(port: service.port)) }
        try service.waitUntilHeld(Self.clientCount - Self.workerCount)
        try service.kill(worker: victim)

        for (index, client) in clients.enumerated() { try client.say("line \(index)") }
        let second = try clients[0].answer(to: "line 0")
        try service.kill(worker: second)
        var workers: Set<Int32> = [second]
        for (index, client) in clients.enumerated().dropFirst() {
            workers.insert(try client.answer(to: "line \(index)"))
        }
        #expect(!workers.contains(victim))
        #expect(workers.count > 1)

        // What the first victim had in hand was voided, and handed over again.
        let voided = try service.events(.handoffVoided, reason: "target exited")
        let issued = try service.events(.handoffIssued)
        #expect(voided > 0)
        #expect(issued >= 1 + Self.clientCount + voided)
    }

    @Test("a worker that ends is replaced")
    func replacement() throws {
        let service = try EchoService(workerCount: 1)
        var workers: Set<Int32> = []
        for round in 0..<3 {
            let client = try EchoClient(port: service.port)
            try client.say("round \(round)")
            let worker = try client.answer(to: "round \(round)")
            #expect(workers.insert(worker).inserted)
            try service.kill(worker: worker)
        }
    }

    @Test("an acceptor without a coordinator says so and ends")
    func noCoordinator() throws {
        let (status, error) = try EchoService.runAcceptor(
            ["0"], socketPath: "/nonexistent/coordinator.sock")
        #expect(status != .code(0))
        #expect(error.contains("no coordinator answers at /nonexistent/coordinator.sock"))
    }
}
