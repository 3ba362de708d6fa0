import Glibc
import Testing

@testable import Transport

/// What goes wrong in a coordinator that runs with `fault_shim.c` before its libc: both have the
/// same file, the shim mapped, the test by reading and writing its numbers.
final class FaultControl {
    /// Where a coordinator can be ended, in the order of a step.
    enum Point: Int32, CaseIterable {
        case afterDrain = 1
        case beforeCommit, inCommit, afterCommit, betweenReplies
    }

    /// A call that can fail.
    enum Call: Int32 {
        case synchronize = 1
        case write
    }

    /// The places of `struct control`, in bytes.
    private enum Place {
        static let point: off_t = 0
        static let passes: off_t = 4
        static let killed: off_t = 8
        static let call: off_t = 12
        static let error: off_t = 16
        static let times: off_t = 20
        static let failed: off_t = 24
        static let clock: off_t = 32
        static let byteCount: off_t = 40
    }

    private let path: String
    private let library: String
    private let file: Int32

    init(in scratch: Scratch) throws {
        path = scratch["faults"]
        library = scratch["fault_shim.so"]
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        try #require(file >= 0 && ftruncate(file, Place.byteCount) == 0)
        let source = "\(#filePath)".replacing("FaultControl.swift", with: "fault_shim.c")
        let compiler = try Programs.find("clang")
        let status = Programs.run(
            compiler,
            ["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", source, "-o", library])
        try #require(status == .code(0), "the shim compiles")
    }

    deinit { close(file) }

    /// What the coordinator is started with.
    var environment: [String] { ["LD_PRELOAD=\(library)", "BATON_FAULTS=\(path)"] }

    /// SIGKILL at this point, when it is passed the so manieth time from now.
    func kill(at point: Point, pass: Int32) {
        set(Place.passes, pass)
        set(Place.point, point.rawValue)
    }

    /// Nothing is ended any more. Whether something was to be.
    func disarm() -> Bool {
        let wasArmed = number(at: Place.point) != 0
        set(Place.point, 0)
        return wasArmed
    }

    /// How many coordinators were ended.
    var killedCount: Int32 { number(at: Place.killed) }

    /// The next calls of this kind fail, with this number of errno(3).
    func fail(_ call: Call, with error: Int32, times: Int32) {
        set(Place.error, error)
        set(Place.times, times)
        set(Place.call, call.rawValue)
    }

    /// Calls go through again.
    func stopFailing() { set(Place.call, 0) }

    var failedCount: Int32 { number(at: Place.failed) }

    /// The wall clock goes so much before or after the real one.
    func setClock(offsetSeconds: Int64) {
        var microseconds = offsetSeconds * 1_000_000
        let count = pwrite(file, &microseconds, 8, Place.clock)
        precondition(count == 8, "the control file can be written")
    }

    private func number(at place: off_t) -> Int32 {
        var number: Int32 = 0
        let count = pread(file, &number, 4, place)
        precondition(count == 4, "the control file can be read")
        return number
    }

    private func set(_ place: off_t, _ number: Int32) {
        var number = number
        let count = pwrite(file, &number, 4, place)
        precondition(count == 4, "the control file can be written")
    }
}
