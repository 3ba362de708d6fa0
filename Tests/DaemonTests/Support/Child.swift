import TestSupport
import Testing

@testable import Transport

/// A child of the tests that is always reaped: at the latest when nothing refers to it any more.
final class Child {
    let pid: Int32
    let output: SharedDescriptor?
    private let error: SharedDescriptor?
    private let process: ChildProcess
    private var input: SharedDescriptor?
    private(set) var isReaped = false

    init(_ plan: ChildPlan) throws(Errno) {
        var started = try ChildProcess.spawn(plan)
        pid = started.pid
        input = SharedDescriptor(optional: started.standardInput.take())
        output = SharedDescriptor(optional: started.standardOutput.take())
        error = SharedDescriptor(optional: started.standardError.take())
        process = started
    }

    deinit {
        guard !isReaped else { return }
        do throws(Errno) {
            try process.kill(Signals.kill)
            _ = try process.wait()
        } catch {
            Issue.record("a child cannot be ended: \(error)")
        }
    }

    func write(_ text: String) throws {
        guard let input else { throw Missing(what: "an input of the child") }
        try input.descriptor.write(Array(text.utf8))
    }

    /// What it has said on standard error by its end.
    func errorText() throws -> String {
        guard let error else { throw Missing(what: "a standard error of the child") }
        return String(decoding: try error.descriptor.readToEnd(), as: UTF8.self)
    }

    func closeInput() { input = nil }

    func kill(_ signal: Int32) throws(Errno) { try process.kill(signal) }

    /// Waits until it has ended, and leaves it unreaped.
    func waitUntilEnded(_ what: String) throws {
        try Waiting.forInput("\(what) ends", from: process.handle)
    }

    @discardableResult
    func reap(_ what: String) throws -> Transport.ExitStatus? {
        try waitUntilEnded(what)
        isReaped = true
        return Transport.ExitStatus(rawStatus: try process.wait())
    }
}

/// signal(7)
enum Signals {
    static let hangUp: Int32 = 1
    static let interrupt: Int32 = 2
    static let kill: Int32 = 9
    static let terminate: Int32 = 15
    static let goOn: Int32 = 18
    static let stop: Int32 = 19
}
