import ArgumentParser
import Journal
import Registry
import Transport

/// The words of filters, as people type them.
extension HistoryFilters {
    static func number(_ text: String) throws -> UInt64 {
        guard let number = SequenceArgument.number(text) else {
            throw ValidationError("a number is wanted, such as 12")
        }
        return number
    }

    static func kind(_ text: String) throws -> EventKind {
        guard let kind = EventKind(name: text) else {
            let names = EventKind.allCases.map(\.name).joined(separator: ", ")
            throw ValidationError("there is no such event; there are \(names)")
        }
        return kind
    }

    static func outcome(_ text: String) throws -> Outcome {
        guard let outcome = Outcome(name: text) else {
            let names = Outcome.allCases.map(\.name).joined(separator: ", ")
            throw ValidationError("there is no such outcome; there are \(names)")
        }
        return outcome
    }

    /// The words of the log, with hyphens for spaces where that is easier to type.
    static func reason(_ text: String) throws -> String {
        if reasons.contains(text) { return text }
        let spaced = text.replacing("-", with: " ")
        guard reasons.contains(spaced) else {
            throw ValidationError(
                "there is no such reason; there are \(reasons.joined(separator: ", "))")
        }
        return spaced
    }

    private static let reasons: [String] = {
        let all =
            Refusal.allCases.map(\.name) + DeliveryFailure.allCases.map(\.rawValue)
            + VoidReason.allCases.map(\.rawValue)
        return Set(all).sorted()
    }()

    static func time(_ text: String) throws -> Timestamp {
        guard let time = TimeArgument.parse(text, now: Clock.wallMicroseconds()) else {
            throw ValidationError("a time is one of: \(TimeArgument.forms)")
        }
        return time
    }

    static func sequences(_ text: String) throws -> Range<UInt64> {
        guard let range = SequenceArgument.parse(text) else {
            throw ValidationError("a range of numbers is A..B with A not after B, such as 10..20")
        }
        return range
    }
}

/// What `--socket` names where events are filtered.
enum SocketArgument: Equatable {
    case number(UInt64)
    /// The coordinator's, as with the other verbs.
    case path(String)

    var number: UInt64? {
        guard case .number(let number) = self else { return nil }
        return number
    }

    var path: String? {
        guard case .path(let path) = self else { return nil }
        return path
    }

    static func parse(_ text: String) throws -> SocketArgument {
        if let number = SequenceArgument.number(text) { return .number(number) }
        guard text.contains("/") else {
            throw ValidationError("the number of a socket is wanted, such as 9")
        }
        return .path(text)
    }
}
