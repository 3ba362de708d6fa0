import Evidence
import Foundation
import GRDB

extension Verification {
    /// Compares the log with what its coordinator told a client of one event. What it cannot show
    /// is another history than that of which it was told.
    mutating func compare(_ receipt: Receipt, _ db: Database) throws {
        guard receipt.log == storedID, receipt.origin == report.origin else {
            return find(
                Finding(
                    "the receipt is of the log \(receipt.log) of \(receipt.origin)", kind: .forked))
        }
        let number = receipt.sequence
        let body = try Data.fetchOne(
            db, sql: "SELECT body FROM event WHERE seq = ?", arguments: [Int64(clamping: number)])
        guard let body else {
            return find(
                Finding(
                    """
                    the log was rolled back: it has \(report.eventCount) events, and the receipt \
                    is of event \(number)
                    """, kind: .forked))
        }
        guard TreeHash.leaf(Array(body)) == receipt.leaf else {
            return find(
                Finding(
                    "event \(number) is not the one that the receipt is of", kind: .forked,
                    events: number...number))
        }
    }
}
