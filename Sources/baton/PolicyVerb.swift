import ArgumentParser
import Configuration
import Journal
import Registry
import Transport

/// The verbs about the policy.
struct PolicyVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Check a configuration, and say which rule decides.",
        subcommands: [PolicyCheck.self, PolicyExplain.self])
}

/// Whether a coordinator would take a configuration file.
struct PolicyCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check a configuration file as the coordinator would.")

    @Argument(help: "The configuration file.")
    var file: String

    @OptionGroup var document: DocumentOptions

    func run() throws {
        let rules = try ConfigurationSource.read(file).rules
        let text = rules.text
        let output = Output.standard()
        switch document.format {
        case .json:
            let object = JSONObject([
                ("digest", .text(Journal.digest(of: text))),
                ("rules", .integer(Int64(rules.policy.rules.count))), ("content", .text(text)),
            ])
            try output.write(line: JSONValue.object(object).description)
        case .short:
            try output.write(line: "good: \(rules.policy.rules.count) rules")
        }
        try output.flush()
    }
}

/// Which rule decides about a handoff that nobody asked for yet.
struct PolicyExplain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say which rule of the policy decides about a handoff, and why.",
        discussion: """
            Looks at both processes as they are now, and at the policy that the log says is in \
            force, or at that of --configuration. Takes what the coordinator cannot see as not \
            seen; where none answers, decides by what this user sees, and says so. Other rules \
            than the policy's are not asked. Exit status 1 when the handoff would be denied.
            """)

    @Option(help: ArgumentHelp("The process that would duplicate.", valueName: "pid"))
    var source: Int32

    @Option(help: ArgumentHelp("The process that would redeem.", valueName: "pid"))
    var target: Int32

    @Option(
        help: ArgumentHelp(
            "The kind of socket: \(SocketKinds.all.names.joined(separator: ", ")).",
            valueName: "kind"))
    var kind = "tcp"

    @Option(help: ArgumentHelp("Ask this file instead of the log.", valueName: "path"))
    var configuration: String?

    @OptionGroup var document: DocumentOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard SocketKinds(name: kind) != nil else {
            throw ValidationError("--kind takes \(SocketKinds.all.names.joined(separator: ", ")).")
        }
    }

    func run() throws {
        var policy: Policy
        var log: String?
        if let configuration {
            policy = try ConfigurationSource.read(configuration).rules.policy
            policy.unmapped = UnmappedIDs(
                user: try HostFacts.unmappedUID(), group: try HostFacts.unmappedGID())
        } else {
            let reader = try common.reader()
            log = reader.logID
            policy = try reader.state().rules.policy
        }
        let explanation = PolicyExplanation(
            policy: policy, source: try Self.identity(of: source),
            target: try Self.identity(of: target), kind: SocketKinds(name: kind) ?? .tcp,
            sight: CoordinatorSight.ask(common.client(), log: log))
        let output = Output.standard()
        switch document.format {
        case .json: try output.write(line: explanation.json.description)
        case .short: for line in explanation.lines { try output.write(line: line) }
        }
        try output.flush()
        if !explanation.verdict.allows { throw ExitCode(EndStatus.refused.rawValue) }
    }

    private static func identity(of pid: Int32) throws(CommandFailure) -> ProcessIdentity {
        do throws(Errno) {
            let features = KernelFeatures.probe()
            let facts = try ProcessHandle(pid: pid).facts(features: features)
            return ProcessIdentity(
                pid: facts.pid, instance: facts.instance, start: facts.startTicks, uid: facts.uid,
                gid: facts.gid, effectiveUID: facts.effectiveUID, effectiveGID: facts.effectiveGID,
                executable: facts.provedExecutable, controlGroup: facts.controlGroup)
        } catch {
            throw .unreachable(
                "cannot look at process \(pid): \(error)",
                hint: "name a living process of this PID namespace")
        }
    }
}
