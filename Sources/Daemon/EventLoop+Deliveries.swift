import Coordinator
import Logging
import Registry
import Transport

extension EventLoop {
    enum DeliveryBounds {
        /// Deliveries of one look: what it finds is written in one round.
        static let perLook = 256
        /// From one look to the next: a target can have very many descriptors, and its user can
        /// see to it that there is always something to look for.
        static let pauseMicroseconds: Int64 = 100_000
    }

    /// Has deliveries that nobody confirmed looked for in their targets, and writes what was found.
    /// The looks are a thread's, so that nobody waits for them but who has not confirmed.
    func lookForDeliveries(at time: Instant) {
        let now = time.bootMicroseconds
        if let found = deliveries.found {
            coordinator.settle(deliveries.asked, observed: found, at: time)
            (deliveries.asked, deliveries.found) = ([], nil)
        }
        deliveries.waiting += coordinator.takeQuestions(at: now)
        guard let next = deliveries.nextStep, now >= next else { return }
        let asked = Array(deliveries.waiting.prefix(DeliveryBounds.perLook))
        deliveries.waiting.removeFirst(asked.count)
        deliveries.nextLook = now + DeliveryBounds.pauseMicroseconds
        let (targets, features, answer) = (targets(of: asked), features, deliveries.answer)
        do throws(Errno) {
            try Threads.start {
                answer.put(targets.reduce(into: []) { $0.formUnion($1.look(features)) })
            }
            deliveries.asked = asked
        } catch {
            configuration.logger.warning("cannot look for deliveries: \(error)")
            coordinator.settle(asked, observed: [], at: time)
        }
    }

    /// Each target is looked at once, however many there are. A service that has its coordinator
    /// inside has everything in escrow among its descriptors, which proves nothing.
    private func targets(of questions: [Coordinator.DeliveryQuestion]) -> [DeliveryTarget] {
        var targets: [ProcessNumber: DeliveryTarget] = [:]
        for question in questions {
            let (process, socket) = coordinator.reading {
                ($0.processes[question.target]?.identity, $0.sockets[question.socket]?.identity)
            }
            guard let process, let socket, process.pid != HostFacts.ownPID() else { continue }
            let target = DeliveryTarget(pid: process.pid, instance: process.instance)
            targets[question.target, default: target].granted.append(
                DeliveryTarget.Granted(question: question, socket: socket))
        }
        return Array(targets.values)
    }
}
