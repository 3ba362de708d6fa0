import ArgumentParser
import Transport

/// The last words of this program and its exit status, for whatever a verb ended with.
struct Farewell: Equatable {
    var status: Int32
    /// Where the words go; nil when there is nothing to say.
    var stream: StandardStream?
    var text: String

    init(of error: any Error, asksForJSON: Bool) {
        if error is OutputClosed {
            // Nobody reads any more, which is how `baton history | head` ends.
            (status, stream, text) = (EndStatus.success.rawValue, nil, "")
            return
        }
        if let exit = error as? ExitCode {
            (status, stream, text) = (exit.rawValue, nil, "")
            return
        }
        let parserStatus = Main.exitCode(for: error)
        if parserStatus == .success {
            (status, stream) = (EndStatus.success.rawValue, .output)
            text = Main.fullMessage(for: error)
            return
        }
        stream = .error
        if parserStatus == .validationFailure {
            status = EndStatus.usage.rawValue
            text = Main.fullMessage(for: error)
            if asksForJSON {
                text = CommandFailure.usage(Main.message(for: error)).json.description
            }
            return
        }
        let failure = CommandFailure(error)
        status = failure.status.rawValue
        text = asksForJSON ? failure.json.description : failure.text
    }

    func write() {
        guard let stream, !text.isEmpty else { return }
        StandardStream.ignoreBrokenPipes()
        do throws(Errno) {
            try stream.write(Array((text.hasSuffix("\n") ? text : text + "\n").utf8))
        } catch {
            // The exit status still says it, and there is nowhere else to write.
        }
    }
}

/// Whether errors are wanted as JSON, told from the arguments alone: they may be what is wrong.
enum ErrorStyle {
    private static let isAlone = ["-ojson", "-o=json", "--output=json", "--json-array"]

    static func isJSON(_ arguments: [String]) -> Bool {
        var last = ""
        for argument in arguments {
            if argument == "--" { return false }
            if isAlone.contains(argument) { return true }
            if argument == "json", last == "-o" || last == "--output" { return true }
            last = argument
        }
        return false
    }
}
