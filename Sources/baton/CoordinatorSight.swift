import Baton
import Registry
import Transport

/// What a coordinator can see of processes, by its own word: its rules decide by that, and not by
/// what whoever asks about them can see.
struct CoordinatorSight {
    /// Its effective user; nil where we cannot look at it.
    var uid: UInt32?
    /// The words of `unseen` in its status.
    var unseen: [String]
    /// Whether we are in the host's namespace of control groups, where each has another path than
    /// in that of a coordinator who does not see all of them.
    var isOnHost = true

    /// The sight of the coordinator that answers there; nil without one.
    /// - Parameter log: the log that it must write, where that matters.
    static func ask(_ client: Client, log: String?) -> CoordinatorSight? {
        let facts: [String: String]
        do throws(BatonError) {
            facts = Dictionary(try client.status()) { first, _ in first }
        } catch {
            // The explanation then says that nobody was asked.
            return nil
        }
        guard log == nil || facts["log"] == log else { return nil }
        let words = facts["unseen", default: ""].split(separator: ",").map { String($0) }
        return CoordinatorSight(
            uid: facts["pid"].flatMap { Int32($0) }.flatMap(effectiveUID), unseen: words,
            isOnHost: HostFacts.unseenOfOtherNamespaces().isEmpty)
    }

    private static func effectiveUID(of pid: Int32) -> UInt32? {
        do throws(Errno) {
            return try ProcessHandle(pid: pid).effectiveUID(features: KernelFeatures.probe())
        } catch {
            return nil
        }
    }

    /// The process as the coordinator sees it.
    func seen(_ process: ProcessIdentity) -> ProcessIdentity {
        var seen = process
        if unseen.contains("executables"), process.uid != uid || process.effectiveUID != uid {
            seen.executable = nil
        }
        if unseen.contains("control_groups"), isOnHost { seen.controlGroup = nil }
        return seen
    }
}
