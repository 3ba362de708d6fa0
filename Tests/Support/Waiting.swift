import Transport

/// What a test waited for did not come.
package struct Overdue: Error, CustomStringConvertible {
    package let what: String

    package init(what: String) { self.what = what }

    package var description: String {
        "still not so after \(Waiting.limitMilliseconds) ms: \(what)"
    }
}

package enum Waiting {
    /// Far above what anything here takes, on a machine that is busy with other builds as well.
    package static let limitMilliseconds: Int64 = 60_000

    /// Looks again and again until the condition holds.
    package static func until(_ what: String, _ condition: () throws -> Bool) throws {
        let end = Clock.bootMicroseconds() + limitMilliseconds * 1000
        while try !condition() {
            guard Clock.bootMicroseconds() < end else { throw Overdue(what: what) }
            Clock.sleep(milliseconds: 1)
        }
    }
}
