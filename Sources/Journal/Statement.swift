import GRDBSQLite

/// A prepared statement of the writer's connection, kept for its life. The hot path runs on these:
/// GRDB's own take twice the time.
@safe final class Statement {
    private let handle: OpaquePointer
    private let connection: OpaquePointer

    init(_ connection: OpaquePointer, _ sql: String) throws(JournalError) {
        var prepared: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(
            connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared = unsafe prepared else {
            throw unsafe JournalError.failed(connection, code)
        }
        unsafe handle = prepared
        unsafe self.connection = connection
    }

    deinit { unsafe sqlite3_finalize(handle) }

    func bind(_ index: Int32, _ value: Int64) { unsafe sqlite3_bind_int64(handle, index, value) }

    func bind(_ index: Int32, _ value: UInt64?) {
        if let value {
            bind(index, Int64(value))
        } else {
            unsafe sqlite3_bind_null(handle, index)
        }
    }

    func bind(_ index: Int32, time value: Int64?) {
        if let value { bind(index, value) } else { unsafe sqlite3_bind_null(handle, index) }
    }

    func bind(_ index: Int32, _ value: String?) {
        guard var value else {
            unsafe sqlite3_bind_null(handle, index)
            return
        }
        // SQLite copies the text before this returns (SQLITE_TRANSIENT, the value −1).
        let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        value.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { text in
                _ = unsafe sqlite3_bind_text(
                    handle, index, text.baseAddress, Int32(text.count), transient)
            }
        }
    }

    /// A text that lives as long as the program, and need not be copied.
    func bind(_ index: Int32, constant value: StaticString?) {
        guard let value else {
            unsafe sqlite3_bind_null(handle, index)
            return
        }
        value.withUTF8Buffer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { text in
                _ = unsafe sqlite3_bind_text(
                    handle, index, text.baseAddress, Int32(text.count), nil)
            }
        }
    }

    /// A short blob, which SQLite copies.
    func bind(_ index: Int32, blob value: [UInt8]) {
        let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        unsafe value.withUnsafeBufferPointer { buffer in
            _ = unsafe sqlite3_bind_blob(
                handle, index, buffer.baseAddress, Int32(buffer.count), transient)
        }
    }

    /// Runs a statement that gives no rows.
    func run() throws(JournalError) {
        let code = unsafe sqlite3_step(handle)
        unsafe sqlite3_reset(handle)
        guard code == SQLITE_DONE else { throw unsafe JournalError.failed(connection, code) }
    }

    /// Runs with a blob bound that need not be copied: it lives until the statement is reset.
    func run(blob index: Int32, _ bytes: Span<UInt8>) throws(JournalError) {
        let code = unsafe bytes.withUnsafeBufferPointer { buffer in
            _ = unsafe sqlite3_bind_blob(
                handle, index, buffer.baseAddress, Int32(buffer.count), nil)
            let code = unsafe sqlite3_step(handle)
            unsafe sqlite3_reset(handle)
            return code
        }
        // A later call takes the connection's message away.
        let failure = code == SQLITE_DONE ? nil : unsafe JournalError.failed(connection, code)
        unsafe sqlite3_bind_null(handle, index)
        if let failure { throw failure }
    }

    // MARK: - Rows

    /// Goes to the next row; false after the last.
    func step() throws(JournalError) -> Bool {
        let code = unsafe sqlite3_step(handle)
        guard code == SQLITE_ROW || code == SQLITE_DONE else {
            throw unsafe JournalError.failed(connection, code)
        }
        return code == SQLITE_ROW
    }

    func reset() { unsafe sqlite3_reset(handle) }

    /// Columns count from 0.
    func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

    /// A copy of a blob.
    func blob(_ column: Int32) -> [UInt8] {
        withBlob(column) { bytes in unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) } }
    }

    /// A blob that lives until the next step.
    func withBlob<R, E: Error>(
        _ column: Int32, _ body: (Span<UInt8>) throws(E) -> R
    ) throws(E) -> R {
        let start = unsafe sqlite3_column_blob(handle, column)
        let count = Int(unsafe sqlite3_column_bytes(handle, column))
        let buffer = unsafe UnsafeRawBufferPointer(start: start, count: count)
        return try unsafe body(Span(_unsafeBytes: buffer))
    }
}

extension JournalError {
    static func failed(_ connection: OpaquePointer, _ code: Int32) -> JournalError {
        .failed(
            code: unsafe sqlite3_extended_errcode(connection) == 0
                ? code : unsafe sqlite3_extended_errcode(connection),
            message: unsafe String(cString: sqlite3_errmsg(connection)))
    }
}
