import Foundation
import GRDB

/// One row of the log, whatever stands in its columns: for who looks for what is wrong with it.
package struct StoredRow: Sendable {
    package var sequence: Int64
    /// Nil when a column holds what no coordinator of this version writes.
    package var event: StoredEvent?
    package var body: [UInt8]

    init(_ row: Row) {
        sequence = row["seq"]
        body = Array(row["body"] as Data)
        do {
            event = try StoredEvent(row)
        } catch {
            event = nil
        }
    }
}
