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

    /// A number of a projection, whose rows say what the events say unless somebody has changed
    /// them: what no coordinator writes there is damage.
    /// - Parameter owner: whose column it is, for a person.
    func number<Number: FixedWidthInteger>(
        _ column: String, of owner: String
    ) throws(JournalError) -> Number {
        guard let number: Number = try optionalNumber(column, of: owner) else {
            throw JournalError.damagedRow("\(owner) has no \(column)")
        }
        return number
    }

    /// The same of a column that can be null.
    func optionalNumber<Number: FixedWidthInteger>(
        _ column: String, of owner: String
    ) throws(JournalError) -> Number? {
        guard let stored = integer(column) else { return nil }
        guard let number = Number(exactly: stored) else {
            throw JournalError.damagedRow("\(owner) has the \(column) \(stored)")
        }
        return number
    }
}

extension JournalError {
    static func damagedRow(_ detail: String) -> JournalError {
        .damaged(path: "the database", detail: detail)
    }
}
