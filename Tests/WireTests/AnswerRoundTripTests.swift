import Registry
import Testing
import Winsock
import Wire

/// What is written as an answer is read as the same one.
struct AnswerRoundTripTests {
    private func check(_ content: Answer.Content) {
        for number in [0, 1, .max] as [UInt64] {
            let answer = Answer(counter: number, acknowledged: ~number, content: content)
            #expect(throws: Never.self) {
                let read = try decodeAnswer(Samples.frame(answer))
                #expect(read == answer)
            }
        }
    }

    @Test func `welcome and done`() {
        check(.welcome(epoch: 0, pid: 0, version: 0))
        check(.welcome(epoch: .max, pid: .max, version: .max))
        check(.welcome(epoch: 1, pid: .min, version: 1))
        check(.done)
    }

    @Test(arguments: ProtocolInfo.Form.allCases)
    func `record`(form: ProtocolInfo.Form) {
        for isRepeated in [false, true] {
            let bytes = Samples.record(form)
            check(.record(handoff: .max, isRepeated: isRepeated, bytes: bytes))
        }
    }

    @Test func `grant`() {
        for notes in [[], .flagsDiffer, .overlappedMissing, [.flagsDiffer, .overlappedMissing]]
            as [GrantNotes]
        {
            check(.grant(handoff: 1, attempt: 1, notes: notes))
            check(.grant(handoff: .max, attempt: .max, notes: notes))
        }
    }

    @Test(arguments: Refusal.allCases)
    func `refusal`(reason: Refusal) {
        check(.refusal(reason: reason, code: reason.code, handoff: nil))
        check(.refusal(reason: reason, code: WSAError(rawValue: -1), handoff: .max))
    }

    @Test(arguments: [0, 1, .max] as [UInt64])
    func `selected and cancelled`(number: UInt64) {
        check(.selected(number))
        check(.notificationCancelled(cookie: number))
    }

    @Test func `report`() {
        check(.report(""))
        check(.report("epoch=1\nname=größe\n"))
        check(.report(String(repeating: "x", count: Frame.byteCountMaximum - 24)))
    }

    @Test func `an answer that is too long is a bug`() async {
        await #expect(processExitsWith: .failure) {
            var frame: [UInt8] = []
            let text = String(repeating: "x", count: Frame.byteCountMaximum - 23)
            Answer(counter: 1, acknowledged: 0, content: .report(text)).encode(into: &frame)
        }
    }
}
