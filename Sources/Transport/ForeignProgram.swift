internal import Synchronization

/// Whether this process is somebody else's program, which closes and replaces descriptors that are
/// not its own, as daemons do with closefrom(3) and dup2(2).
///
/// The coordinator's process is not: there a number that was closed behind its owner's back is a
/// bug, and stops the process.
package enum ForeignProgram {
    private static let isHere = Atomic(false)

    /// For the libraries that run in such programs, before they make a descriptor.
    package static func enter() { isHere.store(true, ordering: .relaxed) }

    static var isEntered: Bool { isHere.load(ordering: .relaxed) }

    /// A call on a descriptor failed as it only can where the number is not its owner's any more.
    static func expect(_ because: @autoclosure () -> String) {
        precondition(isEntered, because())
    }
}
