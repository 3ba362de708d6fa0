import Testing

@testable import Journal

struct TimestampTests {
    /// Microseconds since 1970 as date(1) and Python's datetime have them.
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        (4_107_542_400_000_001, "2100-03-01T00:00:00.000001Z"),
        (1_795_372_515_123_456, "2026-11-22T18:35:15.123456Z"),
        (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
        (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
    ])
    func `a time has one text`(_ microseconds: Int64, _ text: String) {
        #expect(Timestamp(microseconds: microseconds).description == text)
        #expect(Timestamp(text)?.microseconds == microseconds)
    }

    @Test func `every day from 1600 to 2400 comes back, and follows the one before`() {
        var previous = ""
        for day in -135_140...157_054 as ClosedRange<Int64> where day % 7 == 0 || day > 150_000 {
            let time = Timestamp(microseconds: day * 86_400_000_000)
            #expect(Timestamp(time.description) == time)
            #expect(previous < time.description)
            previous = time.description
        }
    }

    @Test(arguments: [
        ("2026-11-22", "2026-11-22T00:00:00.000000Z"),
        ("2026-11-22T18:35", "2026-11-22T18:35:00.000000Z"),
        ("2026-11-22 18:35:15", "2026-11-22T18:35:15.000000Z"),
        ("2026-11-22t18:35:15.5z", "2026-11-22T18:35:15.500000Z"),
        ("2026-11-22T00:30:00+01:00", "2026-11-21T23:30:00.000000Z"),
        ("2026-11-22T18:35:15.000001-05:30", "2026-11-23T00:05:15.000001Z"),
    ])
    func `people write times in more ways than one`(_ text: String, _ expected: String) {
        #expect(Timestamp(text)?.description == expected)
    }

    @Test(arguments: [
        "", "2026", "2026-11", "2026-13-01", "2026-00-10", "2026-11-00", "2026-11-32", "26-11-22",
        "2026-11-22T", "2026-11-22T18", "2026-11-22T24:00", "2026-11-22T18:60", "2026-11-22X18:35",
        "2026-11-22T18:35:61", "2026-11-22T18:35:15Zz", "2026-11-22T18:35:15+1", "now",
        "2026-11-22T18:35:15+01:00Z", "２026-11-22", "-026-11-22", "2026-11-22T18:35:15.1234567Z",
        "2026-02-29", "2100-02-29", "2026-04-31", "2026-11-22T18:35:15.Z",
        "2026-11-22T18:35:15+24:00", "2026-11-22T18:35:15+01:60",
    ])
    func `anything else is no time`(_ text: String) {
        #expect(Timestamp(text) == nil)
    }
}
