/// Why a configuration file is not taken: where, and what would be.
package struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Counted from 1; nil where it is about the file as a whole.
    package var line: Int?
    /// The key with those above it, such as `rules[2].source.uid`; empty at the top.
    package var key: String
    package var message: String

    package init(line: Int? = nil, key: String = "", _ message: String) {
        self.line = line
        self.key = key
        self.message = message
    }

    package var description: String {
        [line.map { "line \($0)" }, key.isEmpty ? nil : key, message].compactMap(\.self)
            .joined(separator: ": ")
    }
}
