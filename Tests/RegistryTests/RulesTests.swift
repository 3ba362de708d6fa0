import Registry
import Testing

/// The configuration that decides, as the log holds it, and the bytes of snapshots.
struct RulesTests {
    @Test func `rules are read back from their text`() {
        var rules = Rules()
        #expect(Rules(text: rules.text) == rules)
        rules.isStrict = true
        rules.minimumGrade = .instance
        rules.minimumFreeBytes = .max
        rules.limits.handoffs = 1
        rules.limits.handoffsPerUser = 2
        rules.limits.processes = 3
        rules.limits.processesPerUser = 16
        rules.limits.processesReserved = 20
        rules.limits.sockets = 4
        rules.limits.socketsPerUser = 17
        rules.limits.descriptors = 18
        rules.limits.descriptorsPerUser = 19
        rules.limits.registrations = 5
        rules.limits.registrationsPerUser = 6
        rules.limits.clientsPerProcess = 7
        rules.limits.unheldSockets = 12
        rules.admission.connections = 8
        rules.admission.connectionsReserved = 17
        rules.admission.connectionsPerUser = 9
        rules.admission.requestsInFlight = 10
        rules.admission.requestsInFlightPerUser = 11
        rules.admission.requestsPerSecondOfAll = 12
        rules.admission.requestsPerSecond = 13
        rules.admission.refusalsPerSecondOfAll = 14
        rules.admission.refusalsPerSecond = 15
        rules.policy = Policy(rules: [Policy.Rule(name: "rest", allows: false)])
        #expect(
            rules.text == """
                strict=true
                grade=instance
                minimum_free_bytes=18446744073709551615
                handoffs=1
                handoffs_per_user=2
                processes=3
                processes_per_user=16
                processes_reserved=20
                sockets=4
                sockets_per_user=17
                descriptors=18
                descriptors_per_user=19
                registrations=5
                registrations_per_user=6
                clients_per_process=7
                unheld_sockets=12
                connections=8
                connections_reserved=17
                connections_per_user=9
                requests_in_flight=10
                requests_in_flight_per_user=11
                requests_per_second=12
                requests_per_second_per_user=13
                refusals_per_second=14
                refusals_per_second_per_user=15
                rule=deny name=rest

                """)
        #expect(Rules(text: rules.text) == rules)
    }

    @Test(arguments: [
        "", "\n\n", "handoffs", "handoffs=", "handoffs=many", "later=7", "=", "handoffs=1=2",
        "handoffs=99999999999999999999", "grade=", "grade=best", "minimum_free_bytes=-1",
    ])
    func `what is unknown or cannot be read is left alone`(text: String) {
        #expect(Rules(text: text) == Rules())
    }

    /// Snapshots and texts of earlier versions have neither, and are made again as they were.
    @Test func `grade and least free space are recorded where they are known`() {
        #expect(!Rules().text.contains("grade="))
        #expect(!Rules().text.contains("minimum_free_bytes="))
        #expect(Rules(text: "strict=true\n").minimumGrade == nil)
        #expect(Rules(text: "minimum_free_bytes=0\n").minimumFreeBytes == 0)
        #expect(Grade.allCases.allSatisfy { Rules(text: "grade=\($0)\n").minimumGrade == $0 })
    }

    @Test func `the recorded rules hold from their event on`() {
        var world = World()
        var rules = Rules()
        rules.limits.handoffs = 0
        let process = world.process()
        let socket = world.socket()
        _ = world.issue(from: process, to: process, socket: socket)
        let step = world.perform(.configure(digest: "ab", content: rules.text))
        #expect(step.contents == [.configurationChanged(digest: "ab", content: rules.text)])
        let refused = world.duplicate(
            from: process, to: .process(process), socket: .socket(socket))
        #expect(refused.reply == .refused(.tooManyHandoffs, nil))
    }

    @Test func `a boot is recorded once, starts and clocks each time`() {
        var world = World()
        #expect(world.perform(.observeBoot(World.boot)).contents.isEmpty)
        var other = World.boot
        other.id = "another"
        #expect(world.perform(.observeBoot(other)).contents == [.bootObserved(other)])
        #expect(world.registry.boot == other)
        #expect(
            world.perform(.start(pid: 9, epoch: 7)).contents
                == [.coordinatorStarted(pid: 9, epoch: 7)])
        #expect(world.registry.epoch == 7)
        #expect(
            world.perform(.stop(pid: 9, epoch: 7)).contents
                == [.coordinatorStopped(pid: 9, epoch: 7)])
        #expect(world.perform(.stepClock(by: -5)).contents == [.clockStepped(by: -5)])
        #expect(world.perform(.storeFull(found: "x")).contents == [.storeFull(found: "x")])
    }

    @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, 1 << 62, 1 << 63, .max] as [UInt64])
    func `numbers are read back`(value: UInt64) throws {
        var out = ByteWriter()
        out.write(value)
        out.write(signed: Int64(bitPattern: value))
        out.write(signed: -Int64(bitPattern: value >> 1))
        var input = ByteReader(out.bytes)
        #expect(try input.unsigned() == value)
        #expect(try input.signed() == Int64(bitPattern: value))
        #expect(try input.signed() == -Int64(bitPattern: value >> 1))
        #expect(input.isAtEnd)
    }

    @Test func `texts, bytes, flags and absences are read back`() throws {
        var out = ByteWriter()
        out.write("grüße\u{0}")
        out.write([0, 255] as [UInt8])
        out.write(true)
        out.write(7 as UInt64?) { $0.write($1) }
        out.write(nil as UInt64?) { $0.write($1) }
        var input = ByteReader(out.bytes)
        #expect(try input.string() == "grüße\u{0}")
        #expect(try input.array() == [0, 255])
        #expect(try input.bool())
        #expect(try input.optional { input throws(ByteReader.Damage) in try input.unsigned() } == 7)
        #expect(
            try input.optional { input throws(ByteReader.Damage) in try input.unsigned() } == nil)
        #expect(input.isAtEnd)
    }

    @Test func `damage is an error`() {
        let tooLong: [UInt8] = [255, 255, 255, 255, 255, 255, 255, 255, 255, 2]
        for bytes in [[], [0x80], tooLong, Array(repeating: 0x80, count: 11)] as [[UInt8]] {
            var input = ByteReader(bytes)
            #expect(throws: ByteReader.Damage.self) { try input.unsigned() }
        }
        var short = ByteReader([5, 1])
        #expect(throws: ByteReader.Damage.self) { try short.array() }
        var huge = ByteReader([255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0])
        #expect(throws: ByteReader.Damage.self) { try huge.array() }
        var notText = ByteReader([2, 0xc3, 0x28])
        #expect(throws: ByteReader.Damage.self) { try notText.string() }
        var notBool = ByteReader([2])
        #expect(throws: ByteReader.Damage.self) { try notBool.bool() }
        var count = ByteReader([3, 0, 0])
        #expect(throws: ByteReader.Damage.self) {
            try count.each { input throws(ByteReader.Damage) in _ = try input.unsigned() }
        }
    }

    @Test func `an event out of order is a bug`() async {
        await #expect(processExitsWith: .failure) {
            var registry = Registry()
            registry.apply(
                Event(
                    sequence: 1, time: Instant(wallMicroseconds: 0, bootMicroseconds: 0),
                    cause: nil, content: .clockStepped(by: 1)))
        }
    }
}
