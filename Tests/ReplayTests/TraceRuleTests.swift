import Foundation
import Journal
import Registry
import Testing

@testable import baton

/// Checked against the format's rules: those by which the Trace Event Format, and Perfetto's
/// importer, tell a whole trace from a broken one.
struct TraceRules {
    struct Entry: Decodable, Equatable {
        var ph: String
        var name: String
        var cat: String?
        var ts: Int64?
        var dur: Int64?
        /// Nothing but integers is decoded.
        var pid: Int
        var tid: Int
        var id: String?
        var id2: LocalID?
        var bp: String?
        var s: String?
    }

    struct LocalID: Decodable, Equatable { var local: String }

    private struct Track: Hashable {
        let pid: Int
        let tid: Int

        init(_ entry: Entry) {
            pid = entry.pid
            tid = entry.tid
        }
    }

    let entries: [Entry]

    init(_ entries: [Entry]) { self.entries = entries }

    init(_ text: String) throws {
        struct Trace: Decodable { var traceEvents: [Entry] }
        entries = try JSONDecoder().decode(Trace.self, from: Data(text.utf8)).traceEvents
    }

    /// What breaks a rule; empty for a trace that can be opened.
    var violations: [String] {
        entries.compactMap(form) + slices() + asyncs() + flows() + names()
    }

    private func form(_ entry: Entry) -> String? {
        let isWhole =
            switch entry.ph {
            case "M": entry.name == "process_name"
            case "X": entry.dur.map { $0 >= 0 } ?? false
            case "s", "f": entry.id?.hasPrefix("0x") == true && entry.cat != nil
            // Without the word local it would be of no process.
            case "b", "n", "e":
                entry.id == nil && entry.id2?.local.hasPrefix("0x") == true && entry.cat != nil
            case "i": ["g", "p", "t"].contains(entry.s)
            default: false
            }
        let isTimed = entry.ph == "M" ? entry.ts == nil : (entry.ts ?? -1) >= 0
        return isWhole && isTimed ? nil : "form: \(entry)"
    }

    /// Slices of one track lie within one another or apart.
    private func slices() -> [String] {
        var found: [String] = []
        let tracks = Dictionary(grouping: entries.filter { $0.ph == "X" }) { Track($0) }
        for track in tracks.values {
            var ends: [Int64] = []
            for slice in track.sorted(by: {
                ($0.ts ?? 0, -($0.dur ?? 0)) < ($1.ts ?? 0, -($1.dur ?? 0))
            }) {
                let start = slice.ts ?? 0
                while let end = ends.last, end <= start { ends.removeLast() }
                let end = start + (slice.dur ?? 0)
                if let around = ends.last, around < end { found.append("overlap: \(slice)") }
                ends.append(end)
            }
        }
        return found
    }

    /// Of one category and id there is one slice at a time: begun, passed, ended, by one name.
    private func asyncs() -> [String] {
        let kinds = ["b": 0, "n": 1, "e": 2]
        var open: [String: Entry] = [:]
        var found: [String] = []
        // As an importer reads them: by time, and within one instant as they were written.
        let sorted = entries.enumerated().filter { kinds[$1.ph] != nil }
            .sorted { ($0.element.ts ?? 0, $0.offset) < ($1.element.ts ?? 0, $1.offset) }
        for (_, entry) in sorted {
            let scope = "\(entry.cat ?? "") \(entry.id2?.local ?? "")"
            let begun = open[scope]
            if entry.ph == "b" {
                if begun != nil { found.append("begun twice: \(entry)") }
                open[scope] = entry
            } else if begun?.name != entry.name || begun?.pid != entry.pid {
                found.append("not begun: \(entry)")
            }
            if entry.ph == "e" { open[scope] = nil }
        }
        return found + open.values.map { "not ended: \($0)" }
    }

    /// An arrow goes forward, from a slice of one track to a slice of another or the same.
    private func flows() -> [String] {
        let flows = Dictionary(grouping: entries.filter { ["s", "f"].contains($0.ph) }) {
            "\($0.cat ?? "") \($0.name) \($0.id ?? "")"
        }
        return flows.flatMap { scope, ends in
            guard ends.map(\.ph).sorted() == ["f", "s"] else { return ["one end: \(scope)"] }
            let start = ends[0].ph == "s" ? ends[0] : ends[1]
            let end = ends[0].ph == "s" ? ends[1] : ends[0]
            var found: [String] = []
            if (start.ts ?? 0) > (end.ts ?? 0) { found.append("backwards: \(scope)") }
            if end.bp != "e" { found.append("bound to the next slice: \(scope)") }
            for flow in ends where !isInSlice(flow) { found.append("in no slice: \(flow)") }
            return found
        }
    }

    private func isInSlice(_ flow: Entry) -> Bool {
        entries.contains { slice in
            guard slice.ph == "X", Track(slice) == Track(flow), let time = flow.ts,
                let start = slice.ts, let duration = slice.dur
            else { return false }
            return start <= time && time < start + max(duration, 1)
        }
    }

    /// Every track is named, once.
    private func names() -> [String] {
        let named = entries.filter { $0.ph == "M" }.map { Track($0) }
        let used = Set(entries.map { Track($0) })
        return used.filter { track in named.count { $0 == track } != 1 }.map { "name: \($0)" }
    }
}

@Suite("The rules of the Trace Event Format")
struct TraceRuleTests {
    private func rules(_ reader: LogReader, _ query: HistoryQuery = HistoryQuery()) throws
        -> TraceRules
    {
        try TraceRules(
            try GoldenFile.text { output in
                _ = try Export.write(query, reader: reader, format: .chrome, to: output)
            })
    }

    @Test func `a trace of every way in which a handoff goes breaks none`() throws {
        let log = try LivedLog()
        _ = log.tell()
        let rules = try rules(try log.reader())
        #expect(rules.violations == [])
        #expect(Set(rules.entries.map(\.ph)) == ["M", "X", "b", "n", "e", "s", "f", "i"])
    }

    @Test func `a trace of any part of a history breaks none`() throws {
        let log = try LivedLog()
        _ = log.tell()
        let reader = try log.reader()
        let count = try reader.eventCount()
        for first in 0..<count {
            var query = HistoryQuery()
            query.sequences = [first..<count]
            #expect(try rules(reader, query).violations == [], "from \(first)")
            query.sequences = [0..<first]
            #expect(try rules(reader, query).violations == [], "before \(first)")
        }
        for kind in EventKind.allCases {
            var query = HistoryQuery()
            query.kinds = [kind]
            #expect(try rules(reader, query).violations == [], "\(kind.name)")
        }
    }

    @Test func `a boot with a clock that was set back breaks none`() throws {
        let log = try LivedLog()
        let story = log.tell()
        log.perform(
            .observeBoot(
                Event.Boot(
                    id: "7f1f5bd4-0000-4000-8000-000000000000", kernel: "6.12.0", features: [],
                    grade: .instance)), after: -20_000_000)
        log.revoke(story.open, by: story.client, text: "late")
        let reader = try log.reader()
        let end = try #require(
            try reader.page(HistoryQuery(), from: story.open, below: 100).events.last)
        #expect(end.kind == .handoffRevoked)
        #expect(try rules(reader).violations == [])
    }

    /// What a broken trace is, so that a good one says something.
    @Test func `each rule is broken by a trace that breaks it`() throws {
        let log = try LivedLog()
        _ = log.tell()
        let good = try rules(try log.reader()).entries
        func breaks(_ word: String, _ change: (inout [TraceRules.Entry]) throws -> Void) rethrows {
            var entries = good
            try change(&entries)
            let found = TraceRules(entries).violations
            #expect(found.contains { $0.hasPrefix(word) }, "\(word): \(found)")
        }
        func place(_ phase: String) throws -> Int {
            try #require(good.firstIndex { $0.ph == phase })
        }
        let (begin, end) = (try place("b"), try place("e"))
        let (slice, start, finish) = (try place("X"), try place("s"), try place("f"))
        breaks("form") { $0[begin].id2 = nil }
        breaks("form") { $0[begin].id = "0x1" }
        breaks("form") { $0[slice].ts = -1 }
        breaks("form") { $0[slice].ph = "B" }
        breaks("begun twice") { $0.insert($0[begin], at: begin) }
        breaks("not begun") { $0.remove(at: begin) }
        breaks("not begun") { $0[end].name = "other" }
        breaks("not begun") { $0[end].ts = 0 }
        breaks("not ended") { $0.remove(at: end) }
        breaks("not ended") { $0[end].cat = "other" }
        breaks("one end") { $0.remove(at: finish) }
        breaks("one end") { $0[start].id = "0xffff" }
        breaks("backwards") { $0[finish].ts = 0 }
        breaks("in no slice") { $0[start].ts = ($0[start].ts ?? 0) + 1 }
        breaks("in no slice") { $0.remove(at: slice) }
        breaks("bound to the next") { $0[finish].bp = nil }
        breaks("overlap") { entries in
            var other = entries[slice]
            entries[slice].dur = 4
            other.ts = (other.ts ?? 0) + 2
            other.dur = 4
            entries.append(other)
        }
        let name = try place("M")
        breaks("name") { $0.remove(at: name) }
    }
}
