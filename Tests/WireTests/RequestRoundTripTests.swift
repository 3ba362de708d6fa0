import Registry
import Testing
import Winsock
import Wire

/// What is written as a request is read as the same one.
struct RequestRoundTripTests {
    private func check(_ expected: Request, _ encode: (inout [UInt8]) -> Void) {
        #expect(throws: Never.self) {
            let read = try decodeRequest(Samples.frame(encode))
            #expect(read == expected)
        }
    }

    @Test(arguments: [1, .max] as [UInt64], [Request.Startup.Role.peer, .query, .notifications])
    func `startup`(number: UInt64, role: Request.Startup.Role) {
        for versions in [0...0, 1...1, 1...9, 0...255] as [ClosedRange<UInt8>] {
            let startup = Request.Startup(
                counter: number, nonce: number, role: role, versions: versions)
            check(.startup(startup)) { Request.encode(startup, into: &$0) }
        }
    }

    @Test(arguments: [1, -1, 0, .min, .max, 4_194_304] as [Int64])
    func `duplicate`(pid: Int64) {
        for lifetime in [nil, 1, .max] as [UInt64?] {
            for form in ProtocolInfo.Form.allCases {
                for hasPidfd in [false, true] {
                    let duplicate = Request.Duplicate(
                        counter: .max, watermark: .max - 1, pid: pid, hasPidfd: hasPidfd,
                        form: form, flags: lifetime == nil ? 0 : .max, lifetime: lifetime)
                    check(.duplicate(duplicate)) { Request.encode(duplicate, into: &$0) }
                }
            }
        }
    }

    @Test(arguments: [nil, "x", "größe", String(repeating: "p", count: 1024)] as [String?])
    func `redeem`(program: String?) throws {
        for entry in Catalog.entries {
            for form in ProtocolInfo.Form.allCases {
                let record = entry.record(with: Samples.ticket, as: form)
                let read = try decodeRequest(Samples.redeem(record, program: program))
                guard case .redeem(let redeem) = read else {
                    Issue.record("\(read) is no redeem")
                    return
                }
                #expect(redeem.counter == 3)
                #expect(redeem.watermark == 2)
                #expect(redeem.flags == 1)
                #expect(redeem.program == program)
                #expect(
                    redeem.record
                        == .ticket(
                            handoff: Samples.ticket.handoff, secret: Samples.ticket.secret,
                            catalog: entry.id, isAltered: false))
            }
        }
    }

    @Test(arguments: [0, 1, .max] as [UInt64])
    func `confirm, decline and close`(number: UInt64) {
        let attempt = UInt32(truncatingIfNeeded: number)
        check(.confirm(handoff: number, attempt: attempt, cookie: ~number)) {
            Request.encodeConfirm(handoff: number, attempt: attempt, cookie: ~number, into: &$0)
        }
        for reason in [DeliveryFailure.truncated, .mismatched] {
            check(.decline(handoff: number, attempt: attempt, reason: reason)) {
                Request.encodeDecline(
                    handoff: number, attempt: attempt, reason: reason, into: &$0)
            }
        }
        for how in [CloseProof.closesocket, .cleanup] {
            check(.close(cookie: number, how: how)) {
                Request.encodeClose(cookie: number, how: how, into: &$0)
            }
        }
    }

    @Test(arguments: ["", "x", "größe\u{0}\n", String(repeating: "ü", count: 512)])
    func `revoke and mark`(text: String) {
        check(.revoke(counter: .max, watermark: 0, handoff: .max, text: text)) {
            Request.encodeRevoke(
                counter: .max, watermark: 0, handoff: .max, text: text, into: &$0)
        }
        check(.mark(counter: 1, watermark: 0, quality: text)) {
            Request.encodeMark(counter: 1, watermark: 0, quality: text, into: &$0)
        }
    }

    @Test(arguments: [1, .max] as [UInt64])
    func `status`(counter: UInt64) {
        check(.status(counter: counter)) { Request.encodeStatus(counter: counter, into: &$0) }
    }

    @Test(arguments: [0, 1, 0x21, 0x3ff] as [UInt32])
    func `select and resume`(mask: UInt32) {
        for (counter, watermark) in [(1, 0), (.max, .max - 1)] as [(UInt64, UInt64)] {
            check(.select(counter: counter, watermark: watermark, mask: mask)) {
                Request.encodeSelect(
                    counter: counter, watermark: watermark, mask: mask, into: &$0)
            }
            check(.resume(counter: counter, cookie: watermark, registration: counter)) {
                Request.encodeResume(
                    counter: counter, cookie: watermark, registration: counter, into: &$0)
            }
        }
    }

    @Test(arguments: [0x400, 0x8000_0000] as [UInt32])
    func `a mask with a bit that stands for no event is a bug`(mask: UInt32) async {
        await #expect(processExitsWith: .failure) { [mask = mask as UInt32] in
            var frame: [UInt8] = []
            Request.encodeSelect(counter: 1, watermark: 0, mask: mask, into: &frame)
        }
    }

    @Test func `each request names its kind, its descriptors, its answer and who may ask it`()
        throws
    {
        let expected: [(RequestKind, Int, UInt64, Request.Startup.Role?)] = [
            (.startup, 0, 1, nil), (.duplicate, 2, 2, .peer), (.redeem, 0, 3, .peer),
            (.redeem, 0, 3, .peer), (.confirm, 0, 0, .peer), (.decline, 0, 0, .peer),
            (.close, 0, 0, .peer), (.revoke, 0, 4, .peer), (.mark, 1, 5, .peer),
            (.query, 0, 6, nil), (.select, 1, 7, .notifications), (.resume, 0, 8, .notifications),
            (.reconcile, 0, 9, .peer), (.query, 0, 9, .peer),
        ]
        #expect(expected.count == Samples.requests.count)
        for ((name, frame), wanted) in zip(Samples.requests, expected) {
            let request = try decodeRequest(frame)
            #expect(request.kind == wanted.0, "\(name)")
            #expect(request.descriptorCount == wanted.1, "\(name)")
            #expect(request.counter == wanted.2, "\(name)")
            #expect(request.role == wanted.3, "\(name)")
        }
    }

    @Test func `a duplicate without a pidfd carries the socket alone`() throws {
        let frame = Samples.frame {
            Request.encode(
                Request.Duplicate(
                    counter: 1, watermark: 0, pid: 5, hasPidfd: false, form: .ansi, flags: 0,
                    lifetime: nil), into: &$0)
        }
        #expect(try decodeRequest(frame).descriptorCount == 1)
    }
}
