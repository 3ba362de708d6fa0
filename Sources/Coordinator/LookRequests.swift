/// Requests to reconcile that are not answered: those that wait for the next look at all that is
/// tracked, and those that the present one answers. Both are in the order of the requests.
package struct LookRequests: Sendable {
    package struct Request: Sendable, Equatable {
        package var session: SessionID
        /// That its answer echoes.
        package var counter: UInt64
    }

    /// How many of one session may wait: a look can take seconds, and whoever asks is answered by
    /// the next one in any case.
    package static let perSession = 16

    private var waiting: [Request] = []
    private var answering: [Request] = []

    package init() {}

    package func hasRoom(for session: SessionID) -> Bool {
        (waiting + answering).count { $0.session == session } < Self.perSession
    }

    /// One that waits already and comes again is answered once.
    package mutating func add(_ counter: UInt64, from session: SessionID) {
        let request = Request(session: session, counter: counter)
        if !waiting.contains(request) { waiting.append(request) }
    }

    /// Whether somebody waits for the next look.
    package var isAsked: Bool { !waiting.isEmpty }

    /// Whether somebody waits for the end of the present one.
    package var isAnswering: Bool { !answering.isEmpty }

    /// A look begins: whoever asks from here on waits for the next one.
    package mutating func begin() {
        answering += waiting
        waiting = []
    }

    /// What the look found was taken back: it answers nobody.
    package mutating func beginAgain() {
        waiting = answering + waiting
        answering = []
    }

    /// The look has ended, and these are answered.
    package mutating func finish() -> [Request] {
        defer { answering = [] }
        return answering
    }
}
