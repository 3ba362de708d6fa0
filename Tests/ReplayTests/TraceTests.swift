import Foundation
import Journal
import Registry
import Replay
import Testing

@testable import baton

/// The rules that Perfetto and chrome://tracing read a trace by.
@Suite("Pictures")
struct TraceTests {
    private struct Entry: Decodable {
        struct Arguments: Decodable { var name: String? }
        var ph: String
        var name: String
        var cat: String?
        var ts: Int64?
        var dur: Int64?
        var pid: Int
        var tid: Int
        var id: String?
        var id2: LocalID?
        var bp: String?
        var args: Arguments?
    }

    private struct LocalID: Decodable { var local: String }

    private struct Trace: Decodable { var traceEvents: [Entry] }

    private func trace(_ reader: LogReader) throws -> [Entry] {
        let text = try GoldenFile.text { output in
            _ = try Export.write(HistoryQuery(), reader: reader, format: .chrome, to: output)
        }
        return try JSONDecoder().decode(Trace.self, from: Data(text.utf8)).traceEvents
    }

    @Test func `every async slice begins once and ends once, on one track, in this order`() throws {
        let log = try LivedLog()
        let story = log.tell()
        let entries = try trace(try log.reader())
        let slices = Dictionary(
            grouping: entries.filter { ["b", "n", "e"].contains($0.ph) },
            by: { "\($0.cat ?? "") \($0.id2?.local ?? "")" })
        #expect(slices.keys.filter { $0.hasPrefix("handoff") }.count == 6)
        #expect(slices["handoff 0x\(String(story.delivered, radix: 16))"]?.count == 5)
        for (name, slice) in slices {
            #expect(slice.first?.ph == "b", "\(name)")
            #expect(slice.last?.ph == "e", "\(name)")
            #expect(slice.dropFirst().dropLast().allSatisfy { $0.ph == "n" }, "\(name)")
            #expect(Set(slice.map(\.pid)).count == 1, "\(name)")
            #expect(Set(slice.map(\.name)).count == 1, "\(name)")
        }
    }

    @Test func `both ends of an arrow lie within a slice of their track`() throws {
        let log = try LivedLog()
        let story = log.tell()
        let entries = try trace(try log.reader())
        let flows = entries.filter { ["s", "f"].contains($0.ph) }
        #expect(flows.filter { $0.ph == "f" }.count == 2)
        #expect(flows.count == 4)
        for flow in flows {
            let time = try #require(flow.ts)
            let around = entries.filter { entry in
                guard entry.ph == "X", entry.pid == flow.pid, let start = entry.ts else {
                    return false
                }
                return start <= time && time <= start + (entry.dur ?? 0)
            }
            #expect(!around.isEmpty, "\(flow.id ?? "")")
            #expect(flow.ph == "s" || flow.bp == "e")
        }
        let hop = flows.filter { $0.id == "0x\(String(story.passedOn, radix: 16))" }
        #expect(hop.map(\.ph) == ["s", "f"])
        #expect(Set(hop.map(\.pid)).count == 2)
    }

    @Test func `each track has a name before anything is on it, and time goes forward`() throws {
        let log = try LivedLog()
        _ = log.tell()
        var named: Set<Int> = []
        var last: Int64 = 0
        for entry in try trace(try log.reader()) {
            if entry.ph == "M" {
                #expect(entry.name == "process_name" && entry.args?.name?.isEmpty == false)
                #expect(named.insert(entry.pid).inserted)
                continue
            }
            #expect(named.contains(entry.pid))
            #expect(entry.pid == entry.tid)
            let time = try #require(entry.ts)
            // The start of an arrow is written when it is known to have an end.
            #expect(time >= last || ["e", "s"].contains(entry.ph))
            last = max(last, time)
        }
        #expect(named.count == 5)
    }

    @Test func `a diagram that is too large says what it leaves out`() throws {
        let log = try LivedLog()
        let story = log.tell()
        let helper = log.process(950, "/opt/late")
        for _ in 0..<150 {
            log.revoke(
                log.duplicate(story.client, to: .process(helper), story.socket), by: story.client,
                text: "x")
        }
        let reader = try log.reader()
        var leftOut: UInt64 = 0
        let text = try GoldenFile.text { output in
            leftOut = try Export.write(
                HistoryQuery(), reader: reader, format: .mermaid, to: output)
        }
        let messages = text.split(separator: "\n").filter { !$0.contains("participant") }
        // The title, what is left out, and what has no place in a diagram.
        #expect(messages.count == SequenceDiagram.messagesMaximum + 3)
        #expect(leftOut > 0)
        #expect(text.contains("\(leftOut) more events left out"))
        #expect(text.count < 50_000)
    }
}
