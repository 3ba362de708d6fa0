/// The deadlines of open handoffs, earliest first: a binary heap that forgets lazily.
///
/// Most handoffs end long before their deadline. Their entries stay in the heap until they come to
/// the top or outnumber the others, so that ending one costs no search.
package struct Deadlines: Sendable {
    private struct Entry {
        var deadline: Int64
        var handoff: HandoffNumber

        func precedes(_ other: Entry) -> Bool {
            (deadline, handoff) < (other.deadline, other.handoff)
        }
    }

    private var heap: [Entry] = []
    private var live: [HandoffNumber: Int64] = [:]

    package init() {}

    package var count: Int { live.count }

    package var earliest: Int64? { heap.first?.deadline }

    /// The earliest of some.
    package func earliest(where isMeant: (HandoffNumber) -> Bool) -> Int64? {
        var earliest: Int64?
        for entry in heap where live[entry.handoff] != nil && isMeant(entry.handoff) {
            earliest = min(earliest ?? entry.deadline, entry.deadline)
        }
        return earliest
    }

    package mutating func insert(_ deadline: Int64, for handoff: HandoffNumber) {
        precondition(live[handoff] == nil, "a handoff has one deadline")
        live[handoff] = deadline
        heap.append(Entry(deadline: deadline, handoff: handoff))
        siftUp(from: heap.count - 1)
    }

    package mutating func remove(_ handoff: HandoffNumber) {
        guard live.removeValue(forKey: handoff) != nil else { return }
        while let top = heap.first, live[top.handoff] == nil { removeTop() }
        if heap.count > 2 * live.count + 64 { rebuild() }
    }

    package func due(at now: Int64, limit: Int) -> [HandoffNumber] {
        guard let earliest, earliest <= now else { return [] }
        var found = heap.filter { $0.deadline <= now && live[$0.handoff] != nil }
        found.sort { $0.precedes($1) }
        return found.prefix(limit).map(\.handoff)
    }

    private mutating func removeTop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        siftDown(from: 0)
    }

    private mutating func rebuild() {
        heap.removeAll { live[$0.handoff] == nil }
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(from: index) }
    }

    private mutating func siftUp(from start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(from start: Int) {
        var parent = start
        while true {
            var first = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].precedes(heap[first]) { first = child }
            }
            guard first != parent else { return }
            heap.swapAt(parent, first)
            parent = first
        }
    }
}
