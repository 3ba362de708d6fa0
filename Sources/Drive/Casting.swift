import Configuration
import Registry
import Transport

/// Who plays the processes of a history so that its policy decides about them as it did.
///
/// A process here has another executable, control group and service than the one it stands for, and
/// only root can make one of another user. So a rule becomes one about programs: all processes
/// about which the rules say the same are of one part, and each part has a program of its own,
/// which is the same file under other names.
struct Casting {
    /// Processes that no rule tells apart.
    typealias Part = Int

    /// Whether the processes have the users of old.
    let playsUsers: Bool
    /// Whether it matters which program a process executes.
    let hasPrograms: Bool
    private let directory: String
    /// All that were in force, each once.
    private let policies: [Policy]
    private let hasManyUsers: Bool
    /// What the rules say of each part, in the order of `answers`.
    private var parts: [[Bool]] = []
    private var numbers: [[Bool]: Part] = [:]

    init(_ bundle: HistoryBundle, directory: String) {
        self.directory = directory
        var policies = bundle.first > 0 ? [bundle.start.rules.policy] : []
        var identities = bundle.start.processes.keys.sorted().compactMap {
            bundle.start.processes[$0]?.identity
        }
        var strangers: Set<String> = []
        for event in bundle.events {
            switch event.content {
            case .configurationChanged(_, let text):
                let policy = Rules(text: text).policy
                if !policies.contains(policy) { policies.append(policy) }
            case .processSeen(let identity): identities.append(identity)
            case .handoffRefused(let refused) where refused.asked.target == nil:
                if let rule = refused.rule { strangers.insert(rule) }
            default: break
            }
        }
        self.policies = policies
        let users = Set(identities.map { UserIDs($0) })
        playsUsers = HostFacts.effectiveUID() == 0 && users.contains { $0 != .own }
        hasManyUsers = Set(identities.map(\.effectiveUID)).count > 1
        hasPrograms =
            policies.contains { $0.rules.contains(where: \.looksAtProcesses) }
            || Set(identities.map(\.instance)).count < identities.count
        for identity in identities { add(answers(about: identity)) }
        for rule in strangers.sorted() { add(answers(deniedBy: rule)) }
    }

    private mutating func add(_ answers: [Bool]) {
        guard numbers[answers] == nil else { return }
        numbers[answers] = parts.count
        parts.append(answers)
    }

    // MARK: - Parts

    /// Of each rule whether it is about this source, and then about this target.
    private func answers(about identity: ProcessIdentity) -> [Bool] {
        policies.flatMap { policy in
            policy.rules.flatMap {
                [
                    policy.isAbout(source: identity, $0), policy.isAbout(target: identity, $0),
                ]
            }
        }
    }

    /// Of a target that the log does not have, since this rule denied it: it is the one that is
    /// about it, and the others are not, where they look at it.
    private func answers(deniedBy name: String) -> [Bool] {
        policies.flatMap { policy in
            policy.rules.flatMap { [false, $0.name == name] }
        }
    }

    func part(of identity: ProcessIdentity) -> Part { numbers[answers(about: identity)] ?? 0 }

    /// Nil where the bundle has no such refusal.
    func part(deniedBy rule: String) -> Part? { numbers[answers(deniedBy: rule)] }

    /// The ids that the process of old had; nil where all have ours.
    func user(_ identity: ProcessIdentity) -> UserIDs? {
        playsUsers ? UserIDs(identity) : nil
    }

    /// The path of a part's program. A process that is to be seen anew changes from one to the
    /// other.
    func program(_ part: Part, isOther: Bool) -> String {
        "\(prefix)\(part)-\(isOther ? "b" : "a")"
    }

    private var prefix: String { "\(directory)/program-" }

    // MARK: - The configuration

    /// The limits of which what is played is as much as it was.
    private var limits: [WritableKeyPath<Rules, Int>] {
        let ofUser: [WritableKeyPath<Rules, Int>] = [
            \.limits.handoffsPerUser, \.limits.descriptorsPerUser, \.limits.registrationsPerUser,
        ]
        let ofAll: [WritableKeyPath<Rules, Int>] = [
            \.limits.handoffs, \.limits.descriptors, \.limits.registrations,
            \.limits.clientsPerProcess, \.limits.unheldSockets,
        ]
        return hasManyUsers && !playsUsers ? ofAll : ofAll + ofUser
    }

    /// Whether what is bounded for each user is so here.
    var countsUsers: Bool { playsUsers || !hasManyUsers }

    /// The file that lets the new coordinator decide as the recorded one did.
    ///
    /// - Parameter isOther: gives one that decides the same and is another configuration.
    func file(_ rules: Rules, isOther: Bool = false) throws -> String {
        var file = ConfigurationFile()
        file.rules.isStrict = rules.isStrict
        // Far more than is ever played: that one more is allowed decides nothing.
        if isOther { file.rules.admission.requestsPerSecondOfAll += 1 }
        for path in limits {
            // Beyond what a file may say nothing is ever reached.
            file.rules[keyPath: path] = min(
                max(1, rules[keyPath: path]), ConfigurationFile.limitMaximum)
        }
        let place = policies.firstIndex(of: rules.policy)
        let offset = policies.prefix(place ?? 0).reduce(0) { $0 + $1.rules.count }
        var played: [Policy.Rule] = []
        for (index, rule) in rules.policy.rules.enumerated() {
            var rule = rule
            let answer = 2 * (offset + index)
            rule.source = try side(rule.source, rule.name, parts.map { $0[answer] })
            rule.target = try side(rule.target, rule.name, parts.map { $0[answer + 1] })
            played.append(rule)
        }
        file.rules.policy = Policy(rules: played)
        do throws(ConfigurationError) {
            return try file.yaml()
        } catch {
            throw Unperformable("a policy that cannot be written as a file: \(error)")
        }
    }

    /// What lets everything be made that was open before a bundle begins, whatever has been
    /// forbidden meanwhile.
    func openingFile(_ rules: Rules) throws -> String {
        var file = ConfigurationFile()
        file.rules.isStrict = rules.isStrict
        file.rules.policy = Policy(rules: [Policy.Rule(name: "opening", allows: true)])
        do throws(ConfigurationError) {
            return try file.yaml()
        } catch {
            throw Unperformable("rules that cannot be written as a file: \(error)")
        }
    }

    private func side(
        _ pattern: ProcessPattern, _ rule: String, _ isMeant: [Bool]
    ) throws -> ProcessPattern {
        guard pattern != ProcessPattern() else { return pattern }
        let meant = isMeant.indices.filter { isMeant[$0] }
        guard meant.count <= Policy.valueCount else {
            throw Unperformable(
                "the rule \(rule), which is about more than \(Policy.valueCount) parts")
        }
        // A rule about nobody has to be about a program that nobody executes.
        let names = meant.isEmpty ? ["\(prefix)of-nobody"] : meant.map { "\(prefix)\($0)-*" }
        var played = ProcessPattern()
        for name in names {
            guard let pattern = NamePattern(Array(name.utf8)) else {
                throw DriveError.failed("there is a * in the name of the directory \(directory)")
            }
            played.executables.append(pattern)
        }
        return played
    }
}

extension Policy.Rule {
    fileprivate var looksAtProcesses: Bool {
        source != ProcessPattern() || target != ProcessPattern()
    }
}

extension UserIDs {
    init(_ identity: ProcessIdentity) {
        self.init(
            uid: identity.uid, gid: identity.gid, effectiveUID: identity.effectiveUID,
            effectiveGID: identity.effectiveGID)
    }

    static var own: UserIDs {
        UserIDs(
            uid: HostFacts.realUID(), gid: HostFacts.realGID(),
            effectiveUID: HostFacts.effectiveUID(), effectiveGID: HostFacts.effectiveGID())
    }

    /// For an argument of a command.
    package var text: String { "\(uid),\(gid),\(effectiveUID),\(effectiveGID)" }

    package init?(text: String) {
        let numbers = text.split(separator: ",").compactMap { UInt32($0) }
        guard numbers.count == 4 else { return nil }
        self.init(
            uid: numbers[0], gid: numbers[1], effectiveUID: numbers[2], effectiveGID: numbers[3])
    }
}
