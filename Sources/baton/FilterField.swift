import ArgumentParser
import Journal
import Registry

/// A field of events that a filter can ask for, by the name of its option.
enum FilterField: String, CaseIterable {
    case pid, start, uid, loginuid, exe, cgroup, handoff, socket, event, outcome, reason, boot

    func value(_ text: String) throws -> FilterValue {
        switch self {
        case .pid: .pid(try number(text, "a process id"))
        case .start: .start(try number(text, "a time in clock ticks after the boot"))
        case .uid: .uid(try number(text, "the number of a user"))
        case .loginuid: .loginUID(try number(text, "the number of a user"))
        case .exe: .executable(try word(text, "a path, or the end of one"))
        case .cgroup: .controlGroup(try word(text, "a path, or a part of one"))
        case .handoff: .handoff(try HistoryFilters.number(text))
        case .socket: .socket(try socket(text))
        case .event: .kind(try HistoryFilters.kind(text))
        case .outcome: .outcome(try HistoryFilters.outcome(text))
        case .reason: .reason(try HistoryFilters.reason(text))
        case .boot: .boot(try BootArgument(text))
        }
    }

    private func number<Number: FixedWidthInteger>(
        _ text: String, _ meaning: String
    ) throws -> Number {
        guard let number = Number(text) else { throw ValidationError("\(meaning) is wanted") }
        return number
    }

    private func word(_ text: String, _ meaning: String) throws -> String {
        guard !text.isEmpty else { throw ValidationError("\(meaning) is wanted") }
        return text
    }

    private func socket(_ text: String) throws -> UInt64 {
        guard let number = SequenceArgument.number(text) else {
            throw ValidationError("the number of a socket is wanted, such as 9")
        }
        return number
    }
}

/// A field with a value that an event can have there.
enum FilterValue: Equatable {
    case pid(Int32)
    case start(UInt64)
    case uid(UInt32)
    case loginUID(UInt32)
    case executable(String)
    case controlGroup(String)
    case handoff(UInt64)
    case socket(UInt64)
    case kind(EventKind)
    case outcome(Outcome)
    case reason(String)
    case boot(BootArgument)
}

extension EventFields {
    mutating func add(_ value: FilterValue) {
        switch value {
        case .pid(let value): pids.append(value)
        case .start(let value): starts.append(value)
        case .uid(let value): uids.append(value)
        case .loginUID(let value): loginUIDs.append(value)
        case .executable(let value): executables.append(value)
        case .controlGroup(let value): controlGroups.append(value)
        case .handoff(let value): handoffs.append(value)
        case .socket(let value): sockets.append(value)
        case .kind(let value): kinds.append(value)
        case .outcome(let value): outcomes.append(value)
        case .reason(let value): reasons.append(value)
        // A part of the log, not of an event.
        case .boot: break
        }
    }
}

/// `FIELD=VALUE`, or `FIELD!=VALUE` for what is not wanted.
struct FilterTerm: Equatable {
    let value: FilterValue
    let isExcluded: Bool

    init(_ text: String) throws {
        guard let sign = text.firstIndex(of: "=") else {
            throw ValidationError("\(Self.form), but “\(text)” has no =")
        }
        var name = text[..<sign]
        isExcluded = name.last == "!"
        if isExcluded { name.removeLast() }
        guard let field = FilterField(rawValue: String(name)) else {
            throw ValidationError("\(Self.form), and there is no field “\(name)”")
        }
        value = try field.value(String(text[text.index(after: sign)...]))
    }

    private static let form =
        "a filter is FIELD=VALUE or FIELD!=VALUE with one of the fields "
        + FilterField.allCases.map(\.rawValue).joined(separator: ", ")
}
