internal import Synchronization

/// One object for each process: a child made by fork(2) gets its own at its first use.
///
/// What the child inherits is never freed, because a thread that does not exist there may have been
/// changing it. `abandon` lets it give up what can be given up.
///
/// fork(2)
@safe package final class ProcessLocal<Content: AnyObject & Sendable>: Sendable {
    private final class Entry: Sendable {
        let owner = OwnProcess.current
        let content: Content

        init(_ content: Content) {
            self.content = content
        }
    }

    private let current: Atomic<Unmanaged<Entry>>
    private let make: @Sendable () -> Content
    private let abandon: @Sendable (Content) -> Void

    /// `abandon` can run on several threads at once and must not wait for a lock.
    package init(
        make: @escaping @Sendable () -> Content, abandon: @escaping @Sendable (Content) -> Void
    ) {
        self.make = make
        self.abandon = abandon
        unsafe current = Atomic(Unmanaged.passRetained(Entry(make())))
    }

    deinit {
        let entry = unsafe current.load(ordering: .acquiring)
        if unsafe entry._withUnsafeGuaranteedRef({ $0.owner }) == .current {
            unsafe entry.release()
        } else {
            abandon(unsafe entry.takeUnretainedValue().content)
        }
    }

    /// That of the calling process.
    package var content: Content {
        let known = unsafe current.load(ordering: .acquiring)
        let entry = unsafe known.takeUnretainedValue()
        if entry.owner == .current { return entry.content }
        abandon(entry.content)
        let own = Entry(make())
        let candidate = unsafe Unmanaged.passRetained(own)
        let (isExchanged, winner) = unsafe current.compareExchange(
            expected: known, desired: candidate, ordering: .acquiringAndReleasing)
        if isExchanged { return own.content }
        // Another thread of the child was first.
        unsafe candidate.release()
        return unsafe winner.takeUnretainedValue().content
    }
}
