import Journal
import Registry
import Testing

@testable import baton

@Suite("How fast a database grows")
struct GrowthTests {
    private static let hour: Int64 = 3_600_000_000

    @Test func `by the life of a young log, and by the last day of an older one`() throws {
        let log = try LivedLog()
        // The first event is one second after the start.
        log.open()
        let first = LivedLog.start + 1_000_000
        let reader = try log.reader()
        let young = try StatusGrowth(
            reader, databaseBytes: 4_000, freeBytes: 960_000, now: first + Self.hour)
        #expect(young?.bytesPerDay == 96_000)
        #expect(young?.daysUntilFull == 10)
        // Of the four events two are of the last day.
        let old = try StatusGrowth(
            reader, databaseBytes: 4_000, freeBytes: 10_000,
            now: first + 24 * Self.hour + 1_500_000)
        #expect(old?.bytesPerDay == 2_000)
        #expect(old?.daysUntilFull == 5)
        let idle = try StatusGrowth(
            reader, databaseBytes: 4_000, freeBytes: 10_000, now: first + 100 * Self.hour)
        #expect(idle?.bytesPerDay == 0)
        #expect(idle?.daysUntilFull == nil)
        let early = try StatusGrowth(
            reader, databaseBytes: 4_000, freeBytes: 10_000, now: first + 1_000_000)
        #expect(early == nil)
    }

    @Test func `who may not read the database is told so`() throws {
        let facts = StatusGrowth.facts(of: [
            ("database", "/nonexistent/registry.db"), ("database_bytes", "1"),
        ])
        #expect(facts.count == 1)
        #expect(facts.first?.key == "growth")
        #expect(StatusGrowth.facts(of: []).isEmpty)
    }
}
