/// Why a file is not a bundle that can be read, with the line at which that shows.
package struct BundleError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// Another file, or a bundle of a later version.
        case notOurs
        /// It contradicts itself, or a part of it is missing.
        case damaged
    }

    package var kind: Kind
    /// From 1.
    package var line: Int
    package var text: String

    package var description: String { "line \(line): \(text)" }

    static func notOurs(_ line: Int, _ text: String) -> BundleError {
        BundleError(kind: .notOurs, line: line, text: text)
    }

    static func damaged(_ line: Int, _ text: String) -> BundleError {
        BundleError(kind: .damaged, line: line, text: text)
    }
}
