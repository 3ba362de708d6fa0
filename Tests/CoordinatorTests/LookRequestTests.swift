import Coordinator
import Testing

/// Who waits for a look is answered by one that began after the request, each request once.
struct LookRequestTests {
    private let one = SessionID(index: 1, generation: 1)
    private let two = SessionID(index: 2, generation: 1)

    private func counters(_ requests: [LookRequests.Request]) -> [UInt64] {
        requests.map(\.counter)
    }

    @Test func `two requests of one session are both answered`() {
        var requests = LookRequests()
        requests.add(2, from: one)
        requests.add(9, from: two)
        requests.add(3, from: one)
        #expect(requests.isAsked && !requests.isAnswering)
        requests.begin()
        #expect(!requests.isAsked && requests.isAnswering)
        let answered = requests.finish()
        #expect(counters(answered) == [2, 9, 3])
        #expect(answered.map(\.session) == [one, two, one])
        #expect(requests.finish().isEmpty)
    }

    @Test func `who asks during a look waits for the next`() {
        var requests = LookRequests()
        requests.add(2, from: one)
        requests.begin()
        requests.add(3, from: one)
        #expect(counters(requests.finish()) == [2])
        #expect(requests.isAsked)
        requests.begin()
        #expect(counters(requests.finish()) == [3])
    }

    @Test func `a look that was taken back answers nobody, and the next one all`() {
        var requests = LookRequests()
        requests.add(2, from: one)
        requests.begin()
        requests.add(3, from: one)
        requests.beginAgain()
        #expect(requests.finish().isEmpty)
        requests.begin()
        #expect(counters(requests.finish()) == [2, 3])
    }

    @Test func `one session waits with a few at a time`() {
        var requests = LookRequests()
        for counter in 0..<LookRequests.perSession {
            #expect(requests.hasRoom(for: one))
            if counter == 3 { requests.begin() }
            requests.add(UInt64(counter), from: one)
        }
        #expect(!requests.hasRoom(for: one))
        #expect(requests.hasRoom(for: two))
        _ = requests.finish()
        #expect(requests.hasRoom(for: one))
    }
}
