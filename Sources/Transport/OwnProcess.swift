internal import CLinux
internal import Glibc
internal import Synchronization

/// Tells this process from those it was forked from, which it inherited its memory of.
///
/// The id alone does not: in PID namespaces of their own a parent and its child can both be 1.
///
/// pid_namespaces(7)
package struct OwnProcess: Sendable, Equatable {
    private let pid: Int32
    /// How many forks lie between this process and the first that asked, as far as the kernel
    /// tells: madvise(2), MADV_WIPEONFORK.
    let generation: UInt32

    package static var current: OwnProcess {
        OwnProcess(pid: getpid(), generation: clinux_generation())
    }
}

/// A process that can be replaced while others read it.
package struct AtomicOwnProcess: ~Copyable, Sendable {
    /// 0 for none: no process has the id 0.
    private let bits: Atomic<UInt64>

    package init(_ process: OwnProcess?) { bits = Atomic(process?.bits ?? 0) }

    package borrowing func store(_ process: OwnProcess) {
        bits.store(process.bits, ordering: .relaxed)
    }

    package borrowing func load() -> OwnProcess? {
        OwnProcess(bits: bits.load(ordering: .relaxed))
    }
}

extension OwnProcess {
    fileprivate var bits: UInt64 {
        UInt64(generation) << 32 | UInt64(UInt32(bitPattern: pid))
    }

    fileprivate init?(bits: UInt64) {
        guard bits != 0 else { return nil }
        pid = Int32(truncatingIfNeeded: bits)
        generation = UInt32(truncatingIfNeeded: bits >> 32)
    }
}
