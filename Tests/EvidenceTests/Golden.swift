import Crypto
import Foundation
import Testing
import Transport

@testable import Evidence

/// A log of 70,000 leaves that another program made, in another language, and whose checkpoints and
/// proofs Go's sumdb/note and sumdb/tlog accepted.
struct Golden: Decodable {
    let vkey: String
    let checkpoint: String
    let old: String
    let index: UInt64
    let leaf: String
    let incl: [String]
    let cons: [String]

    static let leafCount: UInt64 = 70_000
    static let name = "handoff.example/host-7f3a9c/4b1d2e90"
    /// The private key is public: the bytes 00, 01, … 1f.
    static let seed = (0..<32).map { UInt8($0) }

    static func read() throws -> Golden {
        try JSONDecoder().decode(Golden.self, from: Data(bytes(of: "vec.json")))
    }

    static func text(of file: String) throws -> String {
        String(decoding: try bytes(of: file), as: UTF8.self)
    }

    private static func bytes(of file: String) throws -> [UInt8] {
        let folder = #filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined()
        return try SystemFiles.readFile("\(folder)/vectors/\(file)", limit: 10_000)
    }

    /// The roots of the first leaves.
    static let roots: [UInt64: String] = [
        0: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        1: "GH5lKsr0gqpmmKiWJemNYm3MvD0KKIFq3Rwk316bR1U=",
        2: "uj5Li9050rjLxS07lNS+XVsQqH1BiUBF3tUlBChK09E=",
        3: "pMDcmX7L+gwmrscGQ654/vlxMq2TptGMlHnU7GET31k=",
        4: "BC5DMWWuxRgXlAzv6F28bCOC/blAskGNHdNdoNkIpfU=",
        5: "urkr1UUEn5IAlLwdylAJOOGbPx/mzEPGZiGYqIN/RVw=",
        7: "M19uqgfoY5mvX7QOBOYUk8lZacMZ9MyWMyKuN0yy0QM=",
        8: "qcUOmqeHDTZ+4JQDc4xT/UtKjC1LLggwLLlWsHRRHWY=",
        255: "W/QxfcqhY5p9792pd0kzUOFKsghLVaZUHhS07m70Wbc=",
        256: "zjsgwseLAV5csyN6QR3ONoNK0ZSbmI/TZCJ+B80fGBQ=",
        257: "n5Ukh+SNgc++A+dlchJrWo8GPiOx8PSOcVjGeJuwI6g=",
        511: "mSvTEp/Kp3uyd+pCSrXsGE7e5YYAoe0nsDA/CU2zy08=",
        512: "f4ygR5fElZBLDSS4MHLABM5+m1aDKUlC3TS9SoKWcfU=",
        1000: "ZT8hhKgcT5DOzwQtIV79Z7Cff+1bnwpVy/Xr3bT/3ZA=",
        42007: "U2i0/s8Ca732tTNPeL6/O4ZHSfR/8Qnl09lPXiwhWPQ=",
        65535: "mF+WpKgfP+FTIxHb9MuOcxyK2lCMhJ0XQusk/wG2xEQ=",
        65536: "mOfk/I5kzc8aPtUzrKBXqQXYr5HN4xLop/4i1YWiwiI=",
        65537: "bjvHzYFgw9LDLrdyJUxrSnv4D7SP9K8WkfEi921u11k=",
        70000: "8OLwcAdzAQLjmm6kE7SqvV8czGfw5ccxSXhtcimO0Vs=",
    ]

    /// SHA-256 of full tiles, as level/number.
    static let tiles = [
        "0/0": "bf718d5ae4cfb9d668106c3ec560efd7bf559052de50abc8b4ea4a5c8bb70112",
        "0/1": "f4d65c21ee8d4b67e3004a4b14563863d240e9ccc11d1a7edf8a21e3402faf9c",
        "1/0": "13ec99fb8cbad11fab2faadc172c3e01686d67349b14eb467f0c85950bfe5d0f",
    ]

    static func body(_ index: UInt64) -> [UInt8] {
        let digits = "\(index)"
        let events = [
            "ticket.issued", "ticket.redeemed", "handoff.closed", "process.exited",
            "ticket.rejected",
        ]
        let ticket = Insecure.MD5.hash(data: Array(digits.utf8)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        let fraction = String(repeating: "0", count: 6 - digits.count) + digits
        return Array(
            """
            {"boot":"2f0c7a0e-9c52-4b6a-8f9e-3f0b3f0f8a11",\
            "dst":{"pid":\(4000 + index % 400),"start":\(88_123_456 + index)},\
            "ev":"\(events[Int(index % 5)])","handoff":\(index / 4),"host":"host-7f3a9c",\
            "mono":\(1_000_000 + 37 * index),"res":"svc/web/listener:443","seq":\(index),\
            "src":{"gid":33,"pid":\(1200 + index % 50),"start":77001122,"uid":33},\
            "ticket":"\(ticket)","time":"2026-11-22T11:28:00.\(fraction)Z","v":1}
            """.utf8)
    }
}

/// All complete subtrees of a small tree, worked out by the definition and by nothing else.
struct Model {
    let leaves: [TreeHash]

    func root(_ range: Range<Int>) -> TreeHash {
        if range.isEmpty { return .empty }
        if range.count == 1 { return leaves[range.lowerBound] }
        var half = 1
        while half * 2 < range.count { half *= 2 }
        let middle = range.lowerBound + half
        return .node(root(range.lowerBound..<middle), root(middle..<range.upperBound))
    }

    func maker() -> ProofMaker<Never> {
        ProofMaker { height, index in
            let begin = Int(index) << height
            return root(begin..<begin + 1 << height)
        }
    }
}
