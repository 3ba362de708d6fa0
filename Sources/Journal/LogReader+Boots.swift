import Registry

/// A part of the log that was written during one boot of the host.
package struct BootPart: Sendable, Equatable {
    package var id: String
    /// From one `boot.observed` to the next; the first part begins with the log, the last is open.
    package var sequences: Range<UInt64>
}

/// What was recorded of a process beside its label.
package struct ProcessDetails: Sendable, Equatable {
    /// In clock ticks after the boot.
    package var start: UInt64
    package var loginUID: UInt32?
    package var controlGroup: String?
}

extension LogReader {
    /// The boots of the host that the log has seen, in their order.
    package func boots() throws(JournalError) -> [BootPart] {
        var query = HistoryQuery()
        query.kinds = [.bootObserved]
        var parts: [BootPart] = []
        var next: UInt64? = 0
        while let start = next {
            let page = try page(query, from: start)
            for stored in page.events {
                guard case .bootObserved(let boot) = try content(of: stored) else { continue }
                // What the kernel offers was found changed; the boot is the same.
                if let last = parts.last, last.id == boot.id { continue }
                let first = parts.isEmpty ? 0 : stored.sequence
                if let last = parts.last?.sequences {
                    parts[parts.count - 1].sequences = last.lowerBound..<first
                }
                parts.append(BootPart(id: boot.id, sequences: first..<UInt64.max))
            }
            next = page.next
        }
        return parts
    }

    /// Nil when there is no process with this number.
    package func processDetails(_ number: UInt64) throws(JournalError) -> ProcessDetails? {
        guard let stored = try storedEvent(number),
            case .processSeen(let identity) = try content(of: stored)
        else { return nil }
        return ProcessDetails(
            start: identity.start, loginUID: identity.loginUID,
            controlGroup: identity.controlGroup.map { String(decoding: $0, as: UTF8.self) })
    }

    private func content(of stored: StoredEvent) throws(JournalError) -> Event.Content {
        do {
            return try DecodedEvent(stored.body).event.content
        } catch {
            throw .damaged(
                path: path, detail: "event \(stored.sequence) cannot be read: \(error)")
        }
    }
}
