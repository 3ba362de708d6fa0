import Testing
import Winsock

struct OptionValueTests {
    private func linux(
        _ kind: OptionValue, _ value: [UInt8], present: [UInt8] = []
    ) -> Result<[UInt8], WSAError> {
        Result { () throws(WSAError) in try kind.linux(from: value, present: present) }
    }

    private func windows(
        _ kind: OptionValue, _ value: [UInt8], _ byteCount: Int = 4
    ) -> Result<[UInt8], WSAError> {
        Result { () throws(WSAError) in try kind.windows(from: value, byteCount: byteCount) }
    }

    @Test(
        arguments: [
            (.boolean, [1, 0, 0, 0], [1, 0, 0, 0]),
            (.boolean, [0, 0, 0, 0], [0, 0, 0, 0]),
            (.boolean, [0, 0, 0, 0x80], [1, 0, 0, 0]),
            (.boolean, [7], [1, 0, 0, 0]),
            (.boolean, [0], [0, 0, 0, 0]),
            (.boolean, [0, 0, 0, 0, 9], [0, 0, 0, 0]),
            (.integer, [1, 2, 3, 0xFF], [1, 2, 3, 0xFF]),
            (.integer, [1, 2, 3, 4, 5], [1, 2, 3, 4]),
            (.reversedInteger, [3, 0, 0, 0], [0, 0, 0, 3]),
            (.bufferByteCount, [0, 0, 1, 0], [0, 0, 1, 0]),
            (.linger, [1, 0, 5, 0], [1, 0, 0, 0, 5, 0, 0, 0]),
            (.linger, [0, 0, 5, 0], [0, 0, 0, 0, 5, 0, 0, 0]),
            (.linger, [1, 0, 0xFF, 0xFF], [1, 0, 0, 0, 0xFF, 0xFF, 0, 0]),
            (.noFragments, [1, 0, 0, 0], [2, 0, 0, 0]),
            (.noFragments, [0, 0, 0, 0], [0, 0, 0, 0]),
            (.pathDiscovery, [0, 0, 0, 0], [1, 0, 0, 0]),
            (.pathDiscovery, [1, 0, 0, 0], [2, 0, 0, 0]),
            (.pathDiscovery, [2, 0, 0, 0], [0, 0, 0, 0]),
            (.pathDiscovery, [3, 0, 0, 0], [3, 0, 0, 0]),
            (.multicastInterface, [192, 0, 2, 1], [192, 0, 2, 1]),
            (.multicastInterface, [0, 0, 0, 0], [0, 0, 0, 0]),
            (.multicastInterface, [0, 0, 1, 2], [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0]),
            (.membership, [224, 0, 0, 9, 192, 0, 2, 1], [224, 0, 0, 9, 192, 0, 2, 1]),
            (.membership, [224, 0, 0, 9, 0, 0, 0, 0], [224, 0, 0, 9, 0, 0, 0, 0]),
            (.membership, [224, 0, 0, 9, 0, 0, 0, 3], [224, 0, 0, 9, 0, 0, 0, 0, 3, 0, 0, 0]),
            (
                .sourceMembership, [232, 0, 0, 9, 192, 0, 2, 1, 10, 0, 0, 7],
                [232, 0, 0, 9, 10, 0, 0, 7, 192, 0, 2, 1]
            ),
            (.membership6, Array(1...20), Array(1...20)),
            (.membership6, Array(1...24), Array(1...20)),
            (.bytes, [1, 2, 3], [1, 2, 3]),
            (.bytes, [], []),
        ] as [(OptionValue, [UInt8], [UInt8])])
    func `a value for the kernel is laid out as Linux wants it`(
        kind: OptionValue, value: [UInt8], expected: [UInt8]
    ) {
        #expect(linux(kind, value) == .success(expected))
    }

    @Test(
        arguments: [
            (.boolean, [0, 0, 0, 0], [0, 0, 0, 0]),
            (.boolean, [2, 0, 0, 0], [1, 0, 0, 0]),
            (.integer, [9, 8, 7, 6], [9, 8, 7, 6]),
            (.reversedInteger, [0, 0, 0, 3], [3, 0, 0, 0]),
            (.bufferByteCount, [0, 0, 2, 0], [0, 0, 1, 0]),
            (.linger, [1, 0, 0, 0, 5, 0, 0, 0], [1, 0, 5, 0]),
            (.linger, [0, 0, 0, 0, 5, 0, 0, 0], [0, 0, 5, 0]),
            (.linger, [1, 0, 0, 0, 0, 0, 1, 0], [1, 0, 0xFF, 0xFF]),
            (.noLinger, [1, 0, 0, 0, 5, 0, 0, 0], [0, 0, 0, 0]),
            (.noLinger, [0, 0, 0, 0, 5, 0, 0, 0], [1, 0, 0, 0]),
            (.exclusiveUse, [0, 0, 0, 0], [1, 0, 0, 0]),
            (.exclusiveUse, [1, 0, 0, 0], [0, 0, 0, 0]),
            (.error, [0, 0, 0, 0], [0, 0, 0, 0]),
            (.error, [111, 0, 0, 0], [0x4D, 0x27, 0, 0]),  // ECONNREFUSED, 10061
            (.noFragments, [0, 0, 0, 0], [0, 0, 0, 0]),
            (.noFragments, [1, 0, 0, 0], [0, 0, 0, 0]),
            (.noFragments, [2, 0, 0, 0], [1, 0, 0, 0]),
            (.noFragments, [3, 0, 0, 0], [1, 0, 0, 0]),
            (.pathDiscovery, [0, 0, 0, 0], [2, 0, 0, 0]),
            (.pathDiscovery, [1, 0, 0, 0], [0, 0, 0, 0]),
            (.pathDiscovery, [2, 0, 0, 0], [1, 0, 0, 0]),
            (.pathDiscovery, [3, 0, 0, 0], [3, 0, 0, 0]),
            (.multicastInterface, [192, 0, 2, 1], [192, 0, 2, 1]),
            (.bytes, [1, 2, 3], [1, 2, 3]),
            (.bytes, [1, 2, 3, 4, 5], [1, 2, 3, 4]),
        ] as [(OptionValue, [UInt8], [UInt8])])
    func `a value of the kernel is laid out as on Windows`(
        kind: OptionValue, value: [UInt8], expected: [UInt8]
    ) {
        #expect(windows(kind, value) == .success(expected))
        #expect(kind == .bytes || windows(kind, value, 99) == .success(expected))
    }

    /// Milliseconds, whole seconds, microseconds.
    static let times: [(UInt32, UInt64, UInt64)] = [
        (0, 0, 0), (1, 0, 1000), (999, 0, 999_000), (1000, 1, 0), (1001, 1, 1000),
        (60_000, 60, 0), (.max, 4_294_967, 295_000),
    ]

    private func timeval(_ seconds: UInt64, _ microseconds: UInt64) -> [UInt8] {
        [seconds, microseconds].flatMap { number in
            (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
        }
    }

    private func bytes(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) }
    }

    @Test(arguments: times)
    func `a time limit in milliseconds survives the way to Linux and back`(
        milliseconds: UInt32, seconds: UInt64, microseconds: UInt64
    ) {
        let value = timeval(seconds, microseconds)
        #expect(linux(.timeout, bytes(milliseconds)) == .success(value))
        #expect(windows(.timeout, value) == .success(bytes(milliseconds)))
    }

    @Test(
        arguments: [
            (0, 1, 1), (0, 999, 1), (0, 1001, 2), (2, 999_999, 3000), (5_000_000, 0, .max),
            (.max, 999_999, .max), (.max / 1000, .max, .max),
        ] as [(UInt64, UInt64, UInt32)])
    func `a time limit is rounded up and never beyond what fits`(
        seconds: UInt64, microseconds: UInt64, milliseconds: UInt32
    ) {
        #expect(
            windows(.timeout, timeval(seconds, microseconds)) == .success(bytes(milliseconds)))
    }

    @Test func `clearing SO_DONTLINGER keeps the time that was set`() {
        let present: [UInt8] = [0, 0, 0, 0, 9, 0, 0, 0]
        #expect(
            linux(.noLinger, [0, 0, 0, 0], present: present)
                == .success([1, 0, 0, 0, 9, 0, 0, 0]))
        #expect(
            linux(.noLinger, [1, 0, 0, 0], present: [1, 0, 0, 0, 9, 0, 0, 0])
                == .success(present))
    }

    @Test func `SO_EXCLUSIVEADDRUSE cannot be set beside SO_REUSEADDR and changes nothing`() {
        let (off, on): ([UInt8], [UInt8]) = ([0, 0, 0, 0], [1, 0, 0, 0])
        #expect(linux(.exclusiveUse, on, present: off) == .success(off))
        #expect(linux(.exclusiveUse, off, present: off) == .success(off))
        #expect(linux(.exclusiveUse, off, present: on) == .success(on))
        #expect(linux(.exclusiveUse, on, present: on) == .failure(.invalidArgument))
    }

    @Test func `only these two depend on the present value`() {
        #expect(OptionValue.allCases.filter(\.needsPresentValue) == [.noLinger, .exclusiveUse])
    }

    @Test func `a value without the present one it needs is a bug`() async {
        await #expect(processExitsWith: .failure) {
            _ = try OptionValue.noLinger.linux(from: [1, 0, 0, 0])
        }
    }

    /// The least size Windows takes from a program.
    static let leastSizes: [(OptionValue, Int)] = OptionValue.allCases.map { kind in
        switch kind {
        case .boolean, .noLinger, .exclusiveUse, .noFragments: (kind, 1)
        case .membership: (kind, 8)
        case .sourceMembership: (kind, 12)
        case .membership6: (kind, 20)
        case .bytes: (kind, 0)
        default: (kind, 4)
        }
    }

    @Test(arguments: leastSizes)
    func `a value that is too short is WSAEFAULT`(kind: OptionValue, least: Int) {
        let present = [UInt8](repeating: 0, count: kind.linuxByteCount)
        for count in 0...24 {
            let value = [UInt8](repeating: 0, count: count)
            let result = linux(kind, value, present: present)
            #expect((result == .failure(.badAddress)) == (count < least), "\(count) bytes")
        }
    }

    @Test(arguments: OptionValue.allCases)
    func `a buffer that is too short is WSAEFAULT, or gets one byte of a boolean`(
        kind: OptionValue
    ) {
        let value = [UInt8](repeating: 1, count: kind.linuxByteCount)
        for byteCount in 0..<4 {
            let result = windows(kind, value, byteCount)
            switch kind {
            case .bytes, .membership, .sourceMembership, .membership6:
                #expect(result == .success([UInt8](repeating: 1, count: byteCount)))
            case .boolean, .noFragments:
                #expect(result == (byteCount == 0 ? .failure(.badAddress) : .success([1])))
            case .noLinger, .exclusiveUse:
                #expect(result == (byteCount == 0 ? .failure(.badAddress) : .success([0])))
            default:
                #expect(result == .failure(.badAddress))
            }
        }
    }

    @Test(arguments: [4, 0xFFFF_FFFF] as [UInt32])
    func `an unknown way of path discovery is WSAEINVAL`(way: UInt32) {
        #expect(linux(.pathDiscovery, bytes(way)) == .failure(.invalidArgument))
    }
}
