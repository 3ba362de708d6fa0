internal import Transport

/// Finds out whether somebody has received from a socket, or accepted, since an event was recorded:
/// another process that shares it says nothing of that.
struct QueueWatch: Sendable {
    enum Finding: Sendable, Hashable {
        case nobody
        case somebody
        /// It cannot be told from what came in between.
        case unknown
    }

    /// As it was looked at last, but for TCP, whose bytes are counted since the record.
    private var last: ReceiveQueue
    /// Something came that may hide a receive.
    private var isDoubtful: Bool

    init(_ queue: ReceiveQueue, isDoubtful: Bool = false) {
        last = queue
        self.isDoubtful = isDoubtful
    }

    /// Whether all that was received before is known to be dealt with.
    func isLevel(with queue: ReceiveQueue) -> Bool {
        guard let taken = queue.takenByteCount else { return false }
        return !isDoubtful && taken == last.takenByteCount
    }

    /// `isNews` says that the kernel reported something since the last look.
    mutating func look(at queue: ReceiveQueue, isNews: Bool) -> Finding {
        if let taken = queue.takenByteCount, let before = last.takenByteCount {
            // Less than before has been received where a byte out of band was passed.
            if taken != before { return .somebody }
            return isDoubtful ? .unknown : .nobody
        }
        defer { last = queue }
        if queue.level < last.level || queue.headByteCount != last.headByteCount {
            return .somebody
        }
        if isNews || queue.level > last.level || !queue.isLevelExact { isDoubtful = true }
        return isDoubtful ? .unknown : .nobody
    }
}
