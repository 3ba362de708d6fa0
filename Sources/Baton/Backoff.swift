/// The pauses between attempts to reach a coordinator: none, then doubling, until their sum has
/// reached the limit.
struct Backoff: Sendable {
    static let firstPauseMilliseconds: Int64 = 5
    static let longestPauseMilliseconds: Int64 = 200

    private var remainingMilliseconds: Int64
    private var pauseMilliseconds: Int64?

    init(limitMilliseconds: Int64) {
        remainingMilliseconds = limitMilliseconds
    }

    /// How long to wait before the next attempt; nil when it is time to give up.
    mutating func next() -> Int64? {
        guard let pause = pauseMilliseconds else {
            pauseMilliseconds = Self.firstPauseMilliseconds
            return 0
        }
        guard remainingMilliseconds > 0 else { return nil }
        let length = min(pause, remainingMilliseconds)
        remainingMilliseconds -= length
        pauseMilliseconds = min(2 * pause, Self.longestPauseMilliseconds)
        return length
    }
}
