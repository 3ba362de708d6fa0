import Journal
package import Registry

/// A part of a log that can be taken elsewhere: the state before it, and its events.
package struct HistoryBundle: Sendable {
    /// Of the layout in docs/bundle.md.
    package static let format: UInt64 = 1

    /// All bounds of a bundle, in one place.
    enum Bounds {
        /// A bundle is for a bug report: this is some 800,000 events, and fits into memory.
        static let byteCount = 256 << 20
        /// The longest event is a configuration of 64 KiB, in which every byte may be escaped.
        static let eventByteCount = 512 << 10
        /// What a range of a log may hold, so that its bundle can be read again.
        static let eventCount = 800_000
        /// More events than are seen for one request, or written before a start.
        static let lookBack: UInt64 = 8
        /// A key of a week, for eighty years. Each costs two signatures to check.
        static let keyCount = 4_096
        /// A tree of 2⁶⁴ leaves has two hashes of each height beside some of them.
        static let pathCount = 128
        /// A note has at most 64 KiB, and base64 makes four bytes of three.
        static let evidenceByteCount = 128 << 10
    }

    /// What a reader need not look beyond.
    package static var byteCountMaximum: Int { Bounds.byteCount }

    /// The version of the program that packed it.
    package var program: String
    package var log: String
    /// The state before the first event; the empty one of a log that begins here.
    package var start: Registry
    package var events: [Event]
    /// That the events are those that were signed; nil where the bundle has no evidence.
    package var evidence: BundleEvidence?

    package var first: UInt64 { start.nextSequence }
}
