import ArgumentParser
import Baton
import Journal
import Registry
import Testing
import Transport
import Winsock

@testable import baton

@Suite("Exit statuses and error reports")
struct FailureTests {
    @Test("the statuses are those that scripts rely on")
    func numbers() {
        #expect(EndStatus.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5, 6, 7])
    }

    @Test(
        "a database that cannot be used ends with 3, a damaged one with 4",
        arguments: [
            (JournalError.cannotOpen(path: "/x", code: 14, message: "m"), EndStatus.unreachable),
            (.notOurs(path: "/x", found: "f"), .unreachable),
            (.newerSchema(path: "/x", found: 9, known: 1), .unreachable),
            (.editedMigration(number: 1, name: "n"), .damaged),
            (.damaged(path: "/x", detail: "d"), .damaged),
            (.failed(code: 1, message: "m"), .unreachable),
        ])
    func journal(error: JournalError, status: EndStatus) {
        let failure = CommandFailure(error as any Error)
        #expect(failure.status == status)
        #expect(failure.hint == error.advice)
        #expect(Farewell(of: error, asksForJSON: false).status == status.rawValue)
    }

    @Test(
        "every refusal ends with 1 and says rule, number and what to do",
        arguments: Refusal.allCases)
    func refusals(refusal: Refusal) {
        let error = BatonError.refused(refusal, code: refusal.code, handoff: 12)
        let failure = CommandFailure(error as any Error)
        #expect(failure.status == .refused)
        #expect(failure.text.contains(refusal.name))
        #expect(failure.text.contains("\(refusal.code.rawValue)"))
        #expect(failure.text.contains(refusal.advice))
    }

    @Test("an error is one object in JSON")
    func json() {
        let error = BatonError.refused(.wrongProcess, code: .invalidArgument, handoff: 12)
        let farewell = Farewell(of: error, asksForJSON: true)
        #expect(farewell.stream == .error)
        #expect(
            farewell.text == #"{"error":{"code":"refused","wsa":10022,"reason":"wrong process","#
                + #""message":"the ticket is for another process","#
                + #""hint":"redeem it in the process that duplicate named"}}"#)
    }

    @Test("who redeems and ends is not told to open again")
    func redeeming() throws {
        let error = BatonError.noDescriptorLeft(handoff: 12)
        #expect(error.advice.contains("open again"))
        let hint = try #require(Redeem.failure(error).hint)
        #expect(hint.contains("RLIMIT_NOFILE") && hint.hasSuffix("duplicate again"))
        for reason in Refusal.allCases where reason.advice.hasSuffix("redeem again") {
            let error = BatonError.refused(reason, code: reason.code, handoff: 12)
            let hint = try #require(Redeem.failure(error).hint)
            #expect(hint.hasSuffix("duplicate again"), "\(reason)")
        }
        let refusal = BatonError.refused(.used, code: .invalidArgument, handoff: 12)
        #expect(Redeem.failure(refusal) == CommandFailure(refusal))
    }

    @Test("an error for a person")
    func text() {
        let error = BatonError.refused(.wrongProcess, code: .invalidArgument, handoff: 12)
        #expect(
            Farewell(of: error, asksForJSON: false).text == """
                error: the ticket is for another process
                refused: wrong process (WSAEINVAL 10022)
                hint: redeem it in the process that duplicate named
                """)
    }

    @Test("a reader that went away is no error, and nothing is said")
    func closedOutput() {
        let farewell = Farewell(of: OutputClosed(), asksForJSON: true)
        #expect(farewell.status == 0)
        #expect(farewell.stream == nil)
    }

    @Test("an endpoint that cannot be used says why, with the Winsock code of the cause")
    func endpoints() {
        let refused = Duplicate.failure(.failed(.connectionRefused), "connect to h:1")
        #expect(refused.status == .unreachable)
        #expect(refused.code == .connectionRefused)
        #expect(refused.message.hasPrefix("cannot connect to h:1: ECONNREFUSED"))
        #expect(Duplicate.failure(.malformed("x"), "listen on x").status == .usage)
        #expect(Duplicate.failure(.unknownHost("no h"), "listen on h:1").status == .unreachable)
    }

    @Test("what the rules let pass is a warning")
    func warnings() {
        #expect(Redeem.warnings([]).isEmpty)
        #expect(Redeem.warnings([.flagsDiffer, .overlappedMissing]).count == 2)
    }

    @Test("a verb's own status is kept")
    func status() {
        #expect(Farewell(of: ExitCode(130), asksForJSON: false).status == 130)
    }

    @Test("output that nobody reads ends quietly, output that cannot be written does not")
    func brokenPipe() throws {
        let closed = Output { _ throws(Errno) in throw .brokenPipe }
        try closed.write(line: "x")
        #expect(throws: OutputClosed.self) { try closed.flush() }
        let full = Output { _ throws(Errno) in throw .noSpace }
        try full.write(line: "x")
        let error = #expect(throws: CommandFailure.self) { try full.flush() }
        #expect(error?.status == .unreachable)
    }

    @Test("small lines are gathered into large writes")
    func gathering() throws {
        let collected = CollectedOutput()
        let output = collected.output()
        for _ in 0..<10_000 { try output.write(line: "0123456789") }
        try output.flush()
        #expect(collected.bytes.count == 110_000)
        #expect(collected.writeCount == 2)
    }

    @Test(
        "JSON is asked for by -o json, before the arguments of another program",
        arguments: [
            (["history", "-o", "json"], true), (["history", "-ojson"], true),
            (["list", "--output", "json"], true), (["list", "--output=json"], true),
            (["list"], false), (["show", "json"], false),
            (["redeem", "--", "jq", "-o", "json"], false),
        ])
    func style(arguments: [String], expected: Bool) {
        #expect(ErrorStyle.isJSON(arguments) == expected)
    }
}

@Suite("What status says")
struct StatusTests {
    static let report = StatusReport(facts: [
        ("socket", "/run/baton/coordinator.sock"), ("pid", "12"), ("grade", "instance"),
        ("features", "pidfs,scm_pidfd"), ("held", "0"), ("database_bytes", "4096"),
        ("log", "0011223344556677"), ("store_full", "false"), ("later", "7"),
    ])

    @Test("JSON has numbers as numbers and features as an array")
    func json() {
        #expect(
            Self.report.json.description == #"{"socket":"/run/baton/coordinator.sock","pid":12,"#
                + #""grade":"instance","features":["pidfs","scm_pidfd"],"held":0,"#
                + #""database_bytes":4096,"log":"0011223344556677","store_full":false,"later":"7"}"#
        )
    }

    @Test("people get aligned lines")
    func lines() {
        #expect(Self.report.lines[0] == "socket          /run/baton/coordinator.sock")
        #expect(Self.report.lines[3] == "features        pidfs scm_pidfd")
    }

    @Test("no features are an empty array")
    func noFeatures() {
        #expect(StatusReport(facts: [("features", "")]).json.description == #"{"features":[]}"#)
    }
}
