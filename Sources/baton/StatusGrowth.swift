import Journal
import Transport

/// How fast the database grows, and when its file system is full at that rate.
struct StatusGrowth: Equatable {
    var freeBytes: Int64
    var bytesPerDay: Int64
    /// Nil when nothing is written.
    var daysUntilFull: Int64?

    private static let day: Int64 = 86_400_000_000
    /// Of less time nothing can be told.
    private static let shortest: Int64 = 60_000_000

    /// By the events of the last day, or of the log's life while that is less.
    /// - Parameter now: microseconds since 1970.
    init?(_ reader: LogReader, databaseBytes: Int64, freeBytes: Int64, now: Int64) throws {
        let count = Int64(try reader.eventCount())
        guard count > 0, let first = try reader.storedEvent(0)?.time.microseconds else {
            return nil
        }
        let start = max(first, now - Self.day)
        let span = now - start
        guard span >= Self.shortest else { return nil }
        let before = try reader.lastSequence(notAfter: Timestamp(microseconds: start - 1))
        let recent = count - (before.map { Int64($0) + 1 } ?? 0)
        let rate = Double(recent) / Double(span) * Double(Self.day)
        let bytesPerEvent = Double(databaseBytes) / Double(count)
        self.freeBytes = freeBytes
        bytesPerDay = Int64((rate * bytesPerEvent).rounded())
        daysUntilFull = bytesPerDay > 0 ? freeBytes / bytesPerDay : nil
    }

    /// What is added to the coordinator's own words, as this user can see it.
    static func facts(
        of status: [(key: String, value: String)]
    ) -> [(key: String, value: String)] {
        func value(_ key: String) -> String? { status.first { $0.key == key }?.value }
        guard let path = value("database"),
            let bytes = value("database_bytes").flatMap({ Int64($0) })
        else { return [] }
        do {
            let free = Int64(clamping: try SystemFiles.freeBytes(at: path))
            let growth = try StatusGrowth(
                try LogReader(path: path), databaseBytes: bytes, freeBytes: free,
                now: Clock.wallMicroseconds())
            guard let growth else { return [("free_bytes", "\(free)")] }
            return growth.facts
        } catch {
            // The coordinator may be asked by those who must not read its database.
            return [("growth", "unknown: \(CommandFailure(error).message)")]
        }
    }

    private var facts: [(key: String, value: String)] {
        let facts = [
            ("free_bytes", "\(freeBytes)"), ("growth_bytes_per_day", "\(bytesPerDay)"),
        ]
        return facts + (daysUntilFull.map { [("days_until_full", "\($0)")] } ?? [])
    }
}
