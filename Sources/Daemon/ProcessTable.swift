import Transport

/// The processes that are watched. Of each instance there is one pidfd, whoever asked for it.
final class ProcessTable {
    /// Readable whenever one of the processes has ended.
    let poller: Poller
    private(set) var byInstance: [UInt64: WatchedProcess] = [:]
    private var byPID: [Int32: UInt64] = [:]
    private var byToken: [UInt32: UInt64] = [:]
    private var tokens = TokenTable()
    private let events = EventBuffer(capacity: 256)

    init() throws(Errno) { poller = try Poller() }

    var count: Int { byInstance.count }

    /// The process with this number, unless it has ended by the last `newExits`: until then the
    /// number was its own.
    func living(pid: Int32) -> WatchedProcess? {
        guard let instance = byPID[pid], let process = byInstance[instance],
            process.exitNoticed == nil
        else { return nil }
        return process
    }

    subscript(instance: UInt64) -> WatchedProcess? { byInstance[instance] }

    /// Watches a process, or finds that it is watched already.
    func watch(
        _ handle: consuming ProcessHandle, features: KernelFeatures
    ) throws(Errno) -> WatchedProcess {
        let instance = try handle.instance(features: features)
        if let known = byInstance[instance] { return known }
        let pid: Int32
        do throws(Errno) {
            pid = try handle.pid()
        } catch .noSuchProcess {
            pid = 0
        }
        let token = tokens.make()
        do throws(Errno) {
            try poller.add(handle, token: token, interest: .readable)
        } catch {
            tokens.retire(token)
            throw error
        }
        let process = WatchedProcess(handle: handle, instance: instance, pid: pid, token: token)
        byInstance[instance] = process
        byToken[token.index] = instance
        if pid > 0 { byPID[pid] = instance }
        return process
    }

    /// Does nothing for one that is forgotten already: it may be watched anew since, for a
    /// connection that it had made before its end.
    func forget(_ process: WatchedProcess) throws(Errno) {
        guard byInstance[process.instance] === process else { return }
        byInstance[process.instance] = nil
        if byPID[process.pid] == process.instance { byPID[process.pid] = nil }
        byToken[process.token.index] = nil
        if process.exitNoticed == nil { try poller.remove(process.handle) }
        tokens.retire(process.token)
    }

    /// The processes that have ended since the last call.
    func newExits(at now: Int64) throws(Errno) -> [WatchedProcess] {
        var exits: [WatchedProcess] = []
        var known = -1
        while exits.count > known, try poller.wait(into: events, timeoutMilliseconds: 0) > 0 {
            known = exits.count
            try note(into: &exits, at: now)
        }
        return exits
    }

    private func note(into exits: inout [WatchedProcess], at now: Int64) throws(Errno) {
        for index in 0..<events.count {
            let token = events[index].token
            guard tokens.isCurrent(token), let instance = byToken[token.index],
                let process = byInstance[instance], process.exitNoticed == nil
            else { continue }
            process.exitNoticed = now
            // It stays readable; from here on it is on the list of exits.
            try poller.remove(process.handle)
            exits.append(process)
        }
    }
}
