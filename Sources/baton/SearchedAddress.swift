/// A local address as somebody typed it.
struct SearchedAddress: Equatable {
    let isUnix: Bool
    /// As the kernel's addresses are written; more than one where the host has several.
    let texts: [String]
    /// For any host.
    private let port: UInt16?

    init(_ text: String) throws {
        let isMarked = text.hasPrefix("unix:")
        let name = isMarked ? String(text.dropFirst(5)) : text
        guard !isMarked, !name.hasPrefix("/"), !name.hasPrefix("@") else {
            (isUnix, texts, port) = (true, [name], nil)
            return
        }
        guard let colon = name.lastIndex(of: ":"),
            let number = UInt16(name[name.index(after: colon)...]), number > 0
        else {
            throw CommandFailure.usage(
                "“\(text)” is no number and no local address",
                hint: "give HOST:PORT, [HOST]:PORT, :PORT, /path or @name")
        }
        isUnix = false
        let hosts: [String]
        switch name[..<colon] {
        case "", "*": hosts = []
        // Who is bound to all addresses has this one too, and what an IPv6 socket accepts of IPv4
        // has a mapped one.
        case "localhost":
            hosts = ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"]
        case let host where host.hasPrefix("["): hosts = [String(host), "0.0.0.0", "[::]"]
        case let host: hosts = [String(host), "[::ffff:\(host)]", "0.0.0.0", "[::]"]
        }
        texts = hosts.map { "\($0):\(number)" }
        port = hosts.isEmpty ? number : nil
    }

    func matches(_ local: String?) -> Bool {
        guard let local else { return false }
        return texts.contains(local) || port.map { local.hasSuffix(":\($0)") } ?? false
    }
}
