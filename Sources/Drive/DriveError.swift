/// Why a history cannot be performed at all, or not to its end.
package enum DriveError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The coordinator or a process of the cast did not do its part.
    case failed(String)
    /// What the bundle begins with cannot be made again.
    case cannotBegin(String)

    package var description: String {
        switch self {
        case .failed(let text): text
        case .cannotBegin(let text): "the bundle begins with \(text), which cannot be made again"
        }
    }
}

/// A scene that cannot be brought about on purpose, and why; it is counted and named.
struct Unperformable: Error, Equatable {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}
