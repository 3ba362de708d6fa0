import ArgumentParser
import Baton
import Evidence
import Journal
import Transport

/// The key that signs the log's checkpoints.
struct SigningKeys: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Show the key that signs the log, or let a new one take over.",
        subcommands: [KeyShow.self, KeyRotate.self])
}

/// The public keys, for an auditor.
struct KeyShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the log's public key, by which an auditor verifies it.",
        discussion: """
            Give it to auditors by another way than the log. With --all also those that signed \
            before; the present one is last.
            """)

    @Flag(help: "Also the keys that signed before.")
    var all = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        let keys = try common.reader().signingKeys()
        guard !keys.isEmpty else {
            throw CommandFailure(status: .incomplete, message: "the log has no key yet")
        }
        let output = Output.standard()
        for key in all ? keys : [keys[keys.count - 1]] {
            try output.write(line: key.description)
        }
        try output.flush()
    }
}

/// A new key, which the coordinator takes.
struct KeyRotate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Make a new key, which signs from the next checkpoint on.",
        discussion: """
            One checkpoint is signed by both keys, so who trusts the old one can trust the new \
            one. A running coordinator takes it within some seconds, another at its start. Not \
            for a key that systemd hands down.
            """)

    @OptionGroup var common: CommonOptions

    /// How long a running coordinator is waited for, in tenths of a second.
    private static let patience = 100

    func run() throws {
        let path = try common.databasePath()
        let reader = try common.reader()
        let before = try reader.signingKeys()
        guard let origin = before.last?.name,
            let present = try SystemFiles.facts(of: path + ".signing-key")
        else {
            throw CommandFailure(
                status: .refused, message: "there is no signing key beside \(path)",
                hint: "a key from systemd is changed there, and opens a new log")
        }
        // The coordinator could not read what belongs to another user.
        let user = HostFacts.effectiveUID()
        guard user == present.uid || user == 0 else {
            throw CommandFailure(
                status: .refused, message: "the signing key belongs to uid \(present.uid)",
                hint: "run this as that user, or as root")
        }
        let seed = SigningKey.random()
        guard let key = SigningKey(seed, name: origin)?.verifier else {
            throw CommandFailure(status: .damaged, message: "the log's name cannot be a key's")
        }
        do throws(Errno) {
            try SystemFiles.writeFileExclusively(
                path + ".signing-key.next", seed, mode: 0o600,
                owner: user == present.uid ? nil : present.uid)
        } catch .exists {
            throw CommandFailure(
                status: .refused, message: "a new key is waiting already",
                hint: "it takes over when the coordinator runs")
        } catch {
            throw CommandFailure.unreachable("cannot make \(path).signing-key.next: \(error)")
        }
        let output = Output.standard()
        try output.write(line: key.description)
        try output.flush()
        guard try hasTakenOver(key, reader) else {
            throw CommandFailure(
                status: .incomplete, message: "the new key has not taken over yet",
                hint: "it does when the coordinator starts, or finds it")
        }
    }

    /// Asks the coordinator for something, which makes it look, until it has signed.
    private func hasTakenOver(_ key: VerifierKey, _ reader: LogReader) throws -> Bool {
        for _ in 0..<Self.patience {
            do throws(BatonError) {
                _ = try common.client().status()
            } catch {
                // None runs here: the next one takes the key.
                return false
            }
            if try reader.signingKeys().last == key { return true }
            Clock.sleep(milliseconds: 100)
        }
        return false
    }
}
