import Foundation
import GRDB

/// Columns of a table that may hold anything, whatever its schema says. Nil for what is not of the
/// type.
extension Row {
    func bytes(_ column: String) -> [UInt8]? {
        Data.fromDatabaseValue(self[column] as DatabaseValue).map { Array($0) }
    }

    /// Of a column that was read by CAST AS BLOB: a text would end at its first NUL.
    func text(_ column: String) -> String? {
        bytes(column).flatMap { String(validating: $0, as: UTF8.self) }
    }

    func integer(_ column: String) -> Int64? {
        Int64.fromDatabaseValue(self[column] as DatabaseValue)
    }
}
