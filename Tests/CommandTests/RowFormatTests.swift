import Journal
import Registry
import Testing
import Transport

@testable import baton

@Suite("Formats of history and of the other lists")
struct RowFormatTests {
    private func run(_ log: SampleLog, _ arguments: [String]) throws -> Program.Result {
        try Program.run([arguments[0], "--database", log.path] + arguments.dropFirst())
    }

    @Test("raw is the bytes that the evidence is of, a line each")
    func raw() throws {
        let log = try SampleLog()
        let events = try log.reader().page(HistoryQuery(), from: 0).events
        let expected = events.map { String(decoding: $0.body, as: UTF8.self) + "\n" }.joined()
        #expect(try history(log, format: .raw) == expected)
        #expect(try run(log, ["history", "-o", "raw"]).output == expected)
    }

    @Test("raw for a terminal is still JSON, and nothing that the terminal would obey")
    func rawOnTerminal() throws {
        let collected = CollectedOutput()
        let output = collected.output(isTerminal: true)
        try output.write(record: Array(#"{"exe":"/\#u{9B}x\#u{202E}"}"#.utf8))
        try output.flush()
        #expect(collected.text == #"{"exe":"/\u009bx\u202e"}"# + "\n")
    }

    @Test("cat is the text of short without number and time")
    func cat() throws {
        let log = try SampleLog()
        let short = try history(log).split(separator: "\n")
        let cat = try history(log, format: .cat).split(separator: "\n")
        #expect(cat.count == 40)
        for (line, text) in zip(short, cat) { #expect(line.hasSuffix(" \(text)")) }
        #expect(cat[30] == "clock.stepped           by -2500000 microseconds")
    }

    @Test("full has a line for each thing that is known")
    func full() throws {
        var query = HistoryQuery()
        query.sequences = [12..<14]
        let text = try history(try SampleLog(), query, format: .full)
        #expect(text.contains("\n\n#13 2026-11-22 18:35:28.123456 handoff.reserved"))
        for line in [
            "    pid         815", "    exe         /opt/target", "    start       4000",
            "    boot        6f1f5bd4-0000-4000-8000-000000000000",
            "    time        2026-11-22 18:35:28.123456", "    program     /usr/bin/cat",
        ] { #expect(text.contains("\n\(line)\n"), "\(line)") }
    }

    @Test("tab-separated values have one line a row, whatever is in them")
    func tabs() throws {
        #expect(TabSeparated.escaped("a\tb\\c\nd\r") == "a\\tb\\\\c\\nd\\r")
        let text = try history(try SampleLog(), format: .tsv)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 41)
        #expect(
            lines[0] == "seq\ttime\tevent\toutcome\treason\thandoff\tpid\texe\ttarget_pid\t"
                + "target_exe\tsocket\tlocal\tremote")
        #expect(lines[10].contains("\t/tmp/\u{1B}[31mevil,\\n\"one\"\t"))
        for line in lines { #expect(line.count { $0 == "\t" } == 12) }
    }

    @Test("an array is one document, also without members and over pages")
    func array() throws {
        let array = { (style: inout RowStyle) in style.isArray = true }
        #expect(try history(try SampleLog([]), format: .json, array) == "[]\n")
        let two = try SampleLog([.clockStepped(by: 1), .clockStepped(by: 2)])
        let lines = try history(two, format: .json).split(separator: "\n")
        let text = try history(two, format: .json, array)
        #expect(text == "[\n\(lines[0]),\n\(lines[1])\n]\n")
        let count = LogReader.pageRows + 3
        let long = try SampleLog((0..<count).map { .clockStepped(by: Int64($0)) })
        let all = try history(long, format: .json) { style in
            style.isArray = true
            style.fields = ["by"]
        }
        let members = (0..<count).map { "{\"by\":\($0)}" }
        #expect(all == "[\n" + members.joined(separator: ",\n") + "\n]\n")
    }

    @Test(
        "fields are chosen and ordered",
        arguments: [
            (
                "json",
                "{\"boot\":\"6f1f5bd4-0000-4000-8000-000000000000\",\"uid\":1000,\"seq\":13}\n"
            ),
            ("csv", "boot,uid,seq,reason\r\n6f1f5bd4-0000-4000-8000-000000000000,1000,13,\r\n"),
            ("tsv", "boot\tuid\tseq\treason\n6f1f5bd4-0000-4000-8000-000000000000\t1000\t13\t\n"),
            (
                "table",
                """
                BOOT                                  UID   SEQ  REASON
                6f1f5bd4-0000-4000-8000-000000000000  1000  13

                """
            ),
        ])
    func fields(format: String, expected: String) throws {
        let log = try SampleLog()
        let arguments = [
            "history", "--seq", "13", "--fields", "boot,uid", "--fields", "seq,reason",
        ]
        #expect(try run(log, arguments + ["-o", format]).output == expected)
        if format == "table" { #expect(try run(log, arguments).output == expected) }
    }

    @Test("the other lists have the formats and fields that fit them")
    func lists() throws {
        let log = try SampleLog()
        let chosen = ["--fields", "handoff,state"]
        #expect(
            try run(log, ["list", "-o", "tsv"] + chosen).output
                == "handoff\tstate\n7\tdelivered\n15\trevoked\n17\texpired\n19\tvoided\n")
        #expect(
            try run(log, ["list", "--state", "reserved", "--json-array"]).output == "[]\n")
        #expect(
            try run(log, ["list", "--state", "delivered", "-o", "full"]).output
                .contains("\n    target_exe     /opt/target\n"))
        #expect(
            try run(log, ["report", "--by", "uid", "--fields", "uid,issued", "uid!=1001"]).output
                == "UID   ISSUED\n1000  4\n")
        #expect(
            try run(log, ["report", "--by", "uid", "-o", "tsv", "--fields", "p50_us,uid"]).output
                .hasPrefix("p50_us\tuid\n\t1001\n7"))
        let sql = ["history", "--sql", "SELECT 1 AS a, 'x' AS b UNION SELECT 2, NULL"]
        #expect(try run(log, sql + ["-o", "tsv"]).output == "a\tb\n1\tx\n2\t\n")
        #expect(
            try run(log, sql + ["--json-array"]).output
                == "[\n{\"a\":1,\"b\":\"x\"},\n{\"a\":2}\n]\n")
        #expect(try run(log, sql + ["-o", "full"]).output == "a  1\nb  x\n\na  2\n")
    }

    @Test(
        "what does not fit is refused",
        arguments: [
            ["history", "--fields", "seq", "-o", "short"], ["history", "--fields", "nothing"],
            ["history", "--fields", "seq,"], ["history", "--json-array", "-o", "csv"],
            ["history", "--local", "-o", "json"], ["history", "-i", "--json-array"],
            ["list", "-o", "raw"], ["list", "--fields", "seq"], ["report", "-o", "cat"],
            ["report", "--by", "uid", "--fields", "exe"],
        ])
    func refused(arguments: [String]) throws {
        let result = try run(try SampleLog(), arguments)
        #expect(result.status == .code(2))
        #expect(result.output == "")
    }

    @Test("an error is told in JSON where one document was asked for")
    func errors() throws {
        let result = try Program.run(["history", "--json-array", "pid=x"])
        #expect(result.status == .code(2))
        #expect(result.error.hasPrefix(#"{"error":{"code":"usage","message":""#))
        #expect(ErrorStyle.isJSON(["history", "--json-array"]))
    }

    @Test("times are in UTC, and by the reader's clock with the distance when that is asked for")
    func local() throws {
        let log = try SampleLog([.clockStepped(by: 1)])
        var plan = Program.plan(["history", "--local", "--database", log.path])
        plan.environment = (plan.environment ?? []) + ["TZ=LCL-5:30"]
        var child = try ChildProcess.spawn(plan)
        let text = try Program.readAll(child.standardOutput.take())
        #expect(Transport.ExitStatus(rawStatus: try child.wait()) == .code(0))
        #expect(text.hasPrefix("#0 2026-11-23 00:05:15.123456+05:30 clock.stepped"))
        #expect(try history(log).hasPrefix("#0 2026-11-22 18:35:15.123456 clock.stepped"))
    }

    @Test("users have their numbers, and this host's names on request")
    func interpretation() throws {
        let seen = Event.Content.processSeen(
            ProcessIdentity(
                pid: 1, instance: 1, start: 1, uid: 0, gid: 0, effectiveUID: 4_294_967_000))
        let log = try SampleLog([seen])
        #expect(try history(log).contains("uid 0  euid 4294967000"))
        let named = try history(log) { $0.reading.namesUsers = true }
        #expect(named.contains("uid 0 (root)  euid 4294967000  instance"))
        let table = try history(log, format: .table) { style in
            style.reading.namesUsers = true
            style.fields = ["uid"]
        }
        #expect(table == "UID\n0 (root)\n")
        let machine = try history(log, format: .json) { $0.fields = ["uid"] }
        #expect(machine == "{\"uid\":0}\n")
    }
}
