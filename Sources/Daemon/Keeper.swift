package import Logging
import Transport

/// The process that `baton serve` starts as: it makes the coordinator as a child that has the same
/// table of descriptors, so that what the coordinator holds in escrow outlives it.
///
/// The keeper has one thread, no state but the table, and never opens the log. When a coordinator
/// dies it closes what is not kept, which ends connections, files and their locks, and makes the
/// next one, in memory as clean as the first had.
package struct Keeper {
    /// What this process is once `begin` has returned.
    package enum Role {
        /// A coordinator, which serves and then ends the process.
        case coordinator(KeeperLink)
        /// The keeper, with nothing left to do but to end with this status.
        case ended(code: Int32)
    }

    private static let signals = [
        SignalDescriptor.terminate, SignalDescriptor.interrupt, AwaitedSignals.hangUp,
        AwaitedSignals.childEnded,
    ]

    private let kept: KeptDescriptors
    private let logger: Logger
    private let pid = HostFacts.ownPID()
    private var plan: RestartPlan
    private var isStopping = false

    /// Makes coordinators until one of them ends for good. Returns in each of them, and at last in
    /// the keeper. The caller must have one thread only.
    package static func begin(_ logger: Logger) throws(DaemonError) -> Role {
        do throws(Errno) {
            var keeper = try Keeper(logger)
            return try keeper.run()
        } catch {
            throw .keeperUnusable(detail: error.description)
        }
    }

    private init(_ logger: Logger) throws(Errno) {
        self.logger = logger
        let capacity = try HostFacts.raiseDescriptorLimit()
        if let handedOver = try KeptDescriptors.takeOver(capacity: capacity) {
            kept = handedOver
            kept[.restarts] += 1
            plan = RestartPlan(hasEverServed: true)
        } else {
            kept = try KeptDescriptors(capacity: capacity)
            plan = RestartPlan()
            try kept.keepOpen()
            Inheritance.take().keep(in: kept)
        }
        kept[.keeper] = pid
        try AwaitedSignals.block(Self.signals)
    }

    private mutating func run() throws(Errno) -> Role {
        while true {
            kept[.hasServed] = 0
            let born = Clock.bootMicroseconds()
            switch try make() {
            case .child: return .coordinator(try Self.link(kept))
            case .parent(let child):
                try HostFacts.nameProcess("baton-keeper")
                let status = try wait(for: child)
                let step = plan.next(
                    after: RestartPlan.End(
                        status: status, hasServed: kept[.hasServed] != 0,
                        livedMicroseconds: Clock.bootMicroseconds() - born,
                        isWanted: isStopping))
                guard try prepare(step, after: status) else {
                    store(after: status)
                    guard case .end(let code) = step else { return .ended(code: 0) }
                    return .ended(code: code)
                }
            }
        }
    }

    /// Makes a coordinator, and tries again where the host has no room for one now: to give up
    /// would give up what is in escrow.
    private func make() throws(Errno) -> SharingChild.Side {
        var tries = 1
        while true {
            do throws(Errno) {
                return try SharingChild.make()
            } catch {
                let passes: [Errno] = [.again, .noMemory, .tooManyOpenFilesInSystem]
                guard passes.contains(error), kept[.restarts] > 0,
                    tries < RestartPlan.Bounds.quickEnds
                else { throw error }
                logger.error(
                    "no coordinator can be made now", metadata: ["errno": "\(error.name)"])
                Clock.sleep(milliseconds: RestartPlan.pause(after: tries) / 1000)
                tries += 1
            }
        }
    }

    /// Waits for the end of a coordinator, and passes on what it is told meanwhile.
    private mutating func wait(for child: SharingChild) throws(Errno) -> ExitStatus {
        while true {
            let signal = try AwaitedSignals.next(of: Self.signals)
            let told = signal == AwaitedSignals.childEnded ? nil : signal
            if let told { note(told) }
            // Signals of one number count once, and a child that was only stopped sends one too.
            if let status = try child.reapIfEnded() {
                // A stop can have been told behind the news of the end.
                while let told = try AwaitedSignals.next(of: Self.signals, microseconds: 0) {
                    if told != AwaitedSignals.childEnded { note(told) }
                }
                return status
            }
            if let told { try child.signal(told) }
        }
    }

    /// A hang-up ends nobody: a coordinator that comes later reads its configuration anyway.
    private mutating func note(_ signal: Int32) {
        if signal != AwaitedSignals.hangUp { isStopping = true }
    }

    /// Clears the table for the next coordinator. False when there is none.
    private mutating func prepare(
        _ step: RestartPlan.Step, after status: ExitStatus
    ) throws(Errno) -> Bool {
        guard case .restart(let pause) = step else { return false }
        logger.error(
            "the coordinator has ended; another one takes over", metadata: ["end": "\(status)"])
        try kept.closeTheRest()
        kept[.restarts] += 1
        let end = Clock.bootMicroseconds() + pause
        while !isStopping, case let rest = end - Clock.bootMicroseconds(), rest > 0 {
            let signal = try AwaitedSignals.next(of: Self.signals, microseconds: rest)
            if let signal, signal != AwaitedSignals.childEnded { note(signal) }
        }
        return !isStopping
    }

    /// What a coordinator that did not stop in order has left goes to the service manager: nobody
    /// else has it any more.
    private func store(after status: ExitStatus) {
        guard status != .code(0) else { return }
        let held = kept.entries.filter { $0.kind == .escrow || $0.kind == .stored }
        EscrowStore.store(held.map { SharedDescriptor(kept.descriptor(of: $0)) }, logger)
    }

    /// In the new coordinator: gives the signals back, and looks for the keeper's end from now on.
    private static func link(_ kept: KeptDescriptors) throws(Errno) -> KeeperLink {
        try HostFacts.nameProcess("baton")
        // A hang-up stays blocked until it is read with the other signals, or it would end this.
        try AwaitedSignals.unblock([AwaitedSignals.childEnded])
        let pid = kept[.keeper]
        let handle: ProcessHandle
        do throws(Errno) {
            handle = try ProcessHandle(pid: pid)
        } catch .noSuchProcess {
            return KeeperLink(kept: kept, pid: pid, handle: nil)
        }
        // The number was the keeper's when the handle was made, if the keeper is still the parent.
        guard HostFacts.parentPID() == pid else {
            return KeeperLink(kept: kept, pid: pid, handle: nil)
        }
        return KeeperLink(kept: kept, pid: pid, handle: handle)
    }
}

/// What a coordinator has of its keeper.
package final class KeeperLink {
    let kept: KeptDescriptors
    let pid: Int32
    /// Nil where the keeper was gone already when this coordinator began.
    let handle: ProcessHandle?
    var isLost = false
    var isGoneAlready: Bool {
        switch handle {
        case .some: false
        case nil: true
        }
    }
    /// Whether this coordinator takes over from another one.
    package var isSuccessor: Bool { kept[.restarts] > 0 }

    init(kept: KeptDescriptors, pid: Int32, handle: consuming ProcessHandle?) {
        self.kept = kept
        self.pid = pid
        self.handle = handle
    }
}

/// What a coordinator does when its keeper is gone.
public enum KeeperLoss: String, Sendable, CaseIterable {
    /// It stops in order, so that whoever started the keeper starts both again.
    case stop
    /// It stops in order and becomes the next keeper, with all that it holds. For a coordinator
    /// that nobody else starts again: two of them would be in each other's way.
    case replace
    /// It goes on; its own death then loses what it holds.
    case goOn = "continue"
}
