import Foundation
import GRDB
import GRDBSQLite

/// One value of a row that a statement of the reader's own gave.
package enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

/// Why a statement gave no answer, or not all of it.
package enum SQLRefusal: Error, Equatable, Sendable {
    /// SQLite's words.
    case wrong(String)
    case severalStatements
    case tooMuchWork
    case tooManyRows(Int)
}

extension LogReader {
    /// Rows that one statement gives at most.
    package static let rowsMaximum = 1_000_000
    /// Instructions of SQLite's machine that one statement may take: some ten seconds. For that
    /// long, the WAL behind it cannot be written back.
    package static let instructionsMaximum = 1_000_000_000
    private static let instructionsPerLook: Int32 = 100_000

    /// Runs one statement. The connection was opened read-only, so that none can write.
    /// - Returns: the names of the columns, once; each row goes to `row`.
    package func query(
        _ sql: String, rowsMaximum: Int = rowsMaximum,
        instructionsMaximum: Int = instructionsMaximum, columns: ([String]) throws -> Void,
        row body: ([SQLValue]) throws -> Void
    ) throws {
        try queue.read { db in
            let statement: GRDB.Statement
            do {
                statement = try db.makeStatement(sql: sql)
            } catch let error as DatabaseError {
                // That is how GRDB says that something follows the first statement.
                if error.resultCode == .SQLITE_MISUSE { throw SQLRefusal.severalStatements }
                throw SQLRefusal.wrong(error.message ?? "unknown error")
            }
            try columns(statement.columnNames)
            let budget = WorkBudget(looks: instructionsMaximum / Int(Self.instructionsPerLook))
            let connection = unsafe db.sqliteConnection
            let context = unsafe Unmanaged.passUnretained(budget).toOpaque()
            unsafe sqlite3_progress_handler(
                connection, Self.instructionsPerLook,
                { context in
                    guard let context = unsafe context else { return 0 }
                    let budget = unsafe Unmanaged<WorkBudget>.fromOpaque(context)
                        .takeUnretainedValue()
                    return budget.spend() ? 0 : 1
                }, context)
            defer { unsafe sqlite3_progress_handler(connection, 0, nil, nil) }
            try withExtendedLifetime(budget) {
                try Self.forEach(statement, rowsMaximum: rowsMaximum, body)
            }
        }
    }

    private static func forEach(
        _ statement: GRDB.Statement, rowsMaximum: Int, _ body: ([SQLValue]) throws -> Void
    ) throws {
        do {
            let rows = try Row.fetchCursor(statement)
            var count = 0
            while let row = try rows.next() {
                guard count < rowsMaximum else { throw SQLRefusal.tooManyRows(count) }
                count += 1
                try body(row.map { value($0.1) })
            }
        } catch let error as DatabaseError {
            if error.resultCode == .SQLITE_INTERRUPT { throw SQLRefusal.tooMuchWork }
            throw SQLRefusal.wrong(error.message ?? "unknown error")
        }
    }

    private static func value(_ value: DatabaseValue) -> SQLValue {
        switch value.storage {
        case .null: .null
        case .int64(let number): .integer(number)
        case .double(let number): .real(number)
        case .string(let text): .text(text)
        case .blob(let data): .blob(Array(data))
        }
    }
}

/// How often SQLite may still ask whether it should go on.
private final class WorkBudget {
    private var looks: Int

    init(looks: Int) { self.looks = looks }

    func spend() -> Bool {
        looks -= 1
        return looks >= 0
    }
}
