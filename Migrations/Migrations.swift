/// The numbered SQL files of this folder, embedded in the binary.
///
/// A released file is never edited: its hash is recorded in every database it was applied to, and
/// compared at each start. A change is a new file with the next number.
package enum Migrations {
    package struct Migration: Sendable {
        package let number: Int
        package let name: String
        package let sql: String
    }

    /// In the order of their numbers, which start at 1 and have no gaps.
    package static let all: [Migration] = [
        Migration(number: 1, name: "m0001_log", sql: text(PackageResources.m0001_log_sql)),
        Migration(
            number: 2, name: "m0002_evidence", sql: text(PackageResources.m0002_evidence_sql)),
        Migration(number: 3, name: "m0003_chunks", sql: text(PackageResources.m0003_chunks_sql)),
    ]

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
