import Registry
import Testing
import Winsock

/// Source and target should pass the same flags: reported by default, refused in strict mode.
struct FlagTests {
    private static let cases: [(UInt32, UInt32, GrantNotes, Refusal?)] = [
        (0x00, 0x00, [], nil),
        (0x01, 0x01, [], nil),
        (0x81, 0x81, [], nil),
        (0x01, 0x00, [.flagsDiffer, .overlappedMissing], .overlappedMissing),
        (0x81, 0x80, [.flagsDiffer, .overlappedMissing], .overlappedMissing),
        (0x00, 0x01, .flagsDiffer, .flagsDiffer),
        (0x01, 0x81, .flagsDiffer, .flagsDiffer),
        (0x80, 0x40, .flagsDiffer, .flagsDiffer),
    ]

    @Test(arguments: cases)
    func `flags that differ are reported`(
        source: UInt32, target: UInt32, notes: GrantNotes, refusal: Refusal?
    ) {
        var scene = Scene(.issued, flags: source)
        let step = scene.world.redeem(scene.handoff, by: scene.target, flags: target)
        #expect(step.contents == [scene.reserved(attempt: 1, flags: target)])
        #expect(step.reply == .granted(scene.handoff, attempt: 1, notes: notes))
        let request = scene.latestRequest(of: scene.target)
        let repeated = scene.world.redeem(
            scene.handoff, by: scene.target, flags: target, request: request)
        #expect(repeated.reply == step.reply)
    }

    @Test(arguments: cases)
    func `flags that differ are refused in strict mode, and nothing is consumed`(
        source: UInt32, target: UInt32, notes: GrantNotes, refusal: Refusal?
    ) {
        var rules = Rules()
        rules.isStrict = true
        var scene = Scene(.issued, rules: rules, flags: source)
        let step = scene.world.redeem(scene.handoff, by: scene.target, flags: target)
        guard let refusal else {
            #expect(step.reply == .granted(scene.handoff, attempt: 1, notes: notes))
            return
        }
        #expect(step.contents == [scene.refusedRedemption(by: scene.target, refusal)])
        #expect(step.reply == .refused(refusal, scene.handoff))
        let same = scene.world.redeem(scene.handoff, by: scene.target, flags: source)
        #expect(same.reply == .granted(scene.handoff, attempt: 1, notes: []))
    }
}
