import ArgumentParser
import Journal

/// A boot of the host, as people name it.
enum BootArgument: Equatable {
    /// 0 is the newest in the log, -1 the one before.
    case offset(Int)
    /// The kernel's id, without hyphens.
    case id(String)

    init(_ text: String) throws {
        if let offset = Int(text), offset <= 0 {
            self = .offset(offset)
            return
        }
        let digits = text.lowercased().filter { $0 != "-" }
        guard digits.count == 32, digits.allSatisfy(\.isHexDigit) else {
            throw ValidationError(
                "a boot is 0 for the newest, -1 for the one before it, or the id of a boot")
        }
        self = .id(digits)
    }

    /// The parts of a log that these boots wrote, in their order. Which boot is the newest is said
    /// once, so that a listing that goes on keeps to it.
    func parts(of boots: [BootPart]) throws -> [Range<UInt64>] {
        let found: [BootPart]
        switch self {
        case .offset(let offset):
            let index = boots.count - 1 + offset
            found = boots.indices.contains(index) ? boots.filter { $0.id == boots[index].id } : []
        case .id(let id): found = boots.filter { $0.id.filter { $0 != "-" } == id }
        }
        guard !found.isEmpty else {
            throw CommandFailure.usage(
                "the log has no boot \(self)",
                hint: "baton history --event boot.observed lists those it has")
        }
        return found.map(\.sequences)
    }

    /// What is left of the log: the wanted boots without the unwanted ones; nil for all of it.
    static func parts(
        wanted: [BootArgument], unwanted: [BootArgument], in reader: LogReader
    ) throws -> [Range<UInt64>]? {
        guard !wanted.isEmpty || !unwanted.isEmpty else { return nil }
        let boots = try reader.boots()
        let excluded = Set(try unwanted.flatMap { try $0.parts(of: boots) })
        let chosen = try wanted.flatMap { try $0.parts(of: boots) }
        let all = wanted.isEmpty ? boots.map(\.sequences) : chosen
        return all.filter { !excluded.contains($0) }
    }

    /// The arguments with `--boot` alone, which means the newest, written out.
    static func completed(_ arguments: [String]) -> [String] {
        var completed: [String] = []
        for (index, argument) in arguments.enumerated() {
            if argument == "--" { return completed + arguments[index...] }
            let isAlone = argument == "--boot" && !isBoot(arguments.dropFirst(index + 1).first)
            completed.append(isAlone ? "--boot=0" : argument)
        }
        return completed
    }

    private static func isBoot(_ text: String?) -> Bool {
        guard let text else { return false }
        return !text.contains("=") && (!text.hasPrefix("-") || Int(text) != nil)
    }
}

extension BootArgument: CustomStringConvertible {
    var description: String {
        switch self {
        case .offset(let offset): "\(offset)"
        case .id(let id): id
        }
    }
}
