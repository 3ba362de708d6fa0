import Simulation
import Testing

struct MutantTests {
    @Test func `there are ten`() { #expect(Mutant.allCases.count == 10) }
}
