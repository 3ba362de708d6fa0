import GRDB
import Registry

/// Goes over events that follow each other in the log, and takes them apart. One that is missing,
/// misplaced or cannot be read is damage.
struct EventCursor {
    private let rows: Statement
    private let path: String
    private var decoder: EventDecoder
    private var expected: UInt64

    /// - Parameter end: the number of the first event that is not meant.
    init(
        _ db: Database, path: String, from first: UInt64, below end: UInt64,
        form: EventDecoder.Form
    ) throws {
        let connection = unsafe db.sqliteConnection
        guard let connection = unsafe connection else {
            throw DatabaseError(message: "the database is closed")
        }
        rows = try unsafe Statement(
            connection, "SELECT seq, body FROM event WHERE seq >= ?1 AND seq < ?2 ORDER BY seq")
        rows.bind(1, Int64(clamping: first))
        rows.bind(2, Int64(clamping: end))
        self.path = path
        decoder = EventDecoder(form)
        expected = first
    }

    /// Nil after the last.
    mutating func next() throws(JournalError) -> Event? {
        guard try rows.step() else { return nil }
        let event = try decoded()
        guard rows.integer(0) == Int64(clamping: event.sequence), event.sequence == expected else {
            throw .damaged(path: path, detail: "event \(expected) is missing or misplaced")
        }
        expected += 1
        return event
    }

    private mutating func decoded() throws(JournalError) -> Event {
        do throws(BodyError) {
            return try rows.withBlob(1) { (body) throws(BodyError) in
                try decoder.decode(body).event
            }
        } catch {
            throw .damaged(
                path: path, detail: "event \(rows.integer(0)) cannot be read: \(error)")
        }
    }
}
