import Registry
import Transport

/// What became of the processes that the log knows while no coordinator watched them.
struct Survivors {
    /// Those that live; they are watched again.
    private(set) var living: Set<ProcessNumber> = []
    /// How others ended, where nobody has reaped them yet.
    private(set) var statuses: [ProcessNumber: Int32] = [:]

    init() {}

    /// Throws when a process could not be looked at. It may live: what is said of it in the log
    /// must not depend on whether a descriptor was free.
    init(
        _ registry: Registry, _ features: KernelFeatures, _ processes: ProcessTable
    ) throws(Errno) {
        for process in registry.processes.values where !process.hasExited {
            do throws(Errno) {
                let handle = try Self.handle(of: process.identity)
                guard try handle.instance(features: features) == process.identity.instance else {
                    continue
                }
                guard !handle.hasExited() else {
                    statuses[process.number] = handle.exitStatus() ?? handle.zombieStatus()
                    continue
                }
                _ = try processes.watch(handle, features: features)
                living.insert(process.number)
            } catch .noSuchProcess, .noEntry, .stale {
                // It has ended, or its number is another's now.
                continue
            }
        }
    }

    /// By the file handle, which is of no other process; else by the number, whose instance the
    /// caller compares.
    private static func handle(of identity: ProcessIdentity) throws(Errno) -> ProcessHandle {
        if identity.grade == .instance {
            do throws(Errno) {
                return try ProcessHandle(instance: identity.instance)
            } catch .stale {
                throw .noSuchProcess
            } catch {
                // A kernel before 6.14, or a filter of system calls.
                return try ProcessHandle(pid: identity.pid)
            }
        }
        return try ProcessHandle(pid: identity.pid)
    }
}
