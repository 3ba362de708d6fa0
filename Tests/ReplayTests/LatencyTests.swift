import Replay
import Testing

@Suite("Percentiles")
struct LatencyTests {
    @Test func `a percentile is within a thirty-second part of the exact one`() {
        var histogram = LatencyHistogram()
        #expect(histogram.percentile(0.5) == nil)
        var values: [Int64] = []
        var value: Int64 = 1
        for step in 0..<5_000 {
            value = (value &* 48_271) % 2_147_483_647
            values.append(value >> Int64(step % 31))
            histogram.add(values[step])
        }
        values.sort()
        for share in [0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1] {
            let place = max(1, Int((Double(values.count) * share).rounded(.up))) - 1
            let exact = values[place]
            let found = histogram.percentile(share) ?? -1
            #expect(found >= exact && found - exact <= exact / 32, "\(share)")
        }
        #expect(histogram.maximum == values.last)
        #expect(histogram.count == values.count)
    }

    @Test func `small values are exact, and none is too large`() {
        for value in [0, 1, 31, 32, 63] as [Int64] {
            var histogram = LatencyHistogram()
            histogram.add(value)
            histogram.add(1_000_000)
            #expect(histogram.percentile(0.5) == value)
        }
        var histogram = LatencyHistogram()
        histogram.add(.max)
        histogram.add(-5)
        #expect(histogram.percentile(1) == .max)
        #expect(histogram.percentile(0.5) == 0)
    }
}
