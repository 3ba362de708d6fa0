import Journal
import Registry

/// What became of a play.
package struct DriveReport: Sendable, Equatable {
    /// Steps that were performed, and events of theirs that were compared and are the same.
    package internal(set) var stepCount = 0
    package internal(set) var eventCount = 0
    /// Recorded steps of which the host told by itself, as far as the play went; those of the new
    /// log are passed over too.
    package internal(set) var hostStepCount = 0
    /// Steps that could not be performed, by the reason, in the order of the first of each.
    package private(set) var passedOver: [(reason: String, count: Int)] = []
    /// The last event, where the play stopped before the end.
    package internal(set) var lastEvent: UInt64?
    /// The two columns, where the new log differs.
    package internal(set) var divergence: Divergence?

    package var isSame: Bool { divergence == nil }

    mutating func pass(over scene: Scene, because reason: String) {
        passOver(1, because: "\(scene.main.first.content.kind.name): \(reason)")
    }

    mutating func passOver(_ count: Int, because reason: String) {
        guard count > 0 else { return }
        if let index = passedOver.firstIndex(where: { $0.reason == reason }) {
            passedOver[index].count += count
        } else {
            passedOver.append((reason, count))
        }
    }

    /// One line.
    package var summary: String {
        var text = "same: \(stepCount) steps performed, \(eventCount) events compared"
        if let lastEvent { text += " up to #\(lastEvent)" }
        if hostStepCount > 0 { text += "; \(hostStepCount) told by the host, not compared" }
        let count = passedOver.reduce(0) { $0 + $1.count }
        if count > 0 { text += "; \(passedOverText)" }
        return text
    }

    package var passedOverText: String {
        let count = passedOver.reduce(0) { $0 + $1.count }
        let reasons = passedOver.map { "\($0.count) \($0.reason)" }.joined(separator: "; ")
        return "\(count) could not be performed: \(reasons)"
    }

    package static func == (a: DriveReport, b: DriveReport) -> Bool {
        a.summary == b.summary && a.divergence == b.divergence
    }
}
