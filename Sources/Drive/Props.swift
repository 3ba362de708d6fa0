import Registry
import Transport

/// Real sockets of the recorded kinds, in the recorded states, with their other ends.
final class Props {
    /// Linux numbers: address_families(7), socket(2).
    private enum Number {
        static let unix: Int32 = 1
        static let internet: Int32 = 2
        static let internet6: Int32 = 10
        static let stream: Int32 = 1
        static let datagram: Int32 = 2
        static let sequencedPacket: Int32 = 5
    }

    private struct Kind: Hashable {
        var family: Int32
        var type: Int32
    }

    /// Where sockets of one kind connect to.
    private struct FarSide {
        var endpoint: String
        var listener: SharedDescriptor
    }

    private let stage: Stage
    private var farSides: [Kind: FarSide] = [:]
    /// The other ends of what is connected, by the recorded cookie.
    private var farEnds: [UInt64: SharedDescriptor] = [:]
    private var pathCount = 0

    init(_ stage: Stage) { self.stage = stage }

    /// A new socket, as the log describes it.
    func make(_ identity: SocketIdentity) throws -> Descriptor {
        if identity.family == Number.unix, identity.local == nil, identity.remote == nil,
            let kind = Self.kind(identity.type)
        {
            let pair = try Sockets.pair(kind)
            farEnds[identity.cookie] = SharedDescriptor(try pair.second.duplicate())
            return pair.takeFirst()
        }
        let socket = try Self.plain(identity)
        try bring(socket, to: identity)
        return socket
    }

    private static func plain(_ identity: SocketIdentity) throws -> Descriptor {
        do throws(Errno) {
            return try Sockets.make(
                family: identity.family, type: identity.type,
                protocolNumber: identity.protocolNumber)
        } catch {
            throw Unperformable("a socket of \(text(identity)) cannot be made: \(error.name)")
        }
    }

    /// Brings a socket from one state that was seen to the next.
    func change(
        _ socket: borrowing Descriptor, from old: SocketIdentity, to new: SocketIdentity
    ) throws {
        if old.remote != nil, new.remote == nil {
            guard let far = farEnds.removeValue(forKey: new.cookie), old.family != Number.unix
            else { throw Unperformable("a socket of \(Self.text(old)) that lost its peer") }
            try Sockets.setLinger(far.descriptor, seconds: 0)
            return
        }
        guard old.local == nil || new.local != nil else {
            throw Unperformable("a socket of \(Self.text(old)) that lost its name")
        }
        guard !old.isListening || new.isListening else {
            throw Unperformable("a socket of \(Self.text(old)) that listens no more")
        }
        try bring(
            socket, to: new, isNamed: old.local != nil, isConnected: old.remote != nil,
            isListening: old.isListening)
    }

    private func bring(
        _ socket: borrowing Descriptor, to identity: SocketIdentity, isNamed: Bool = false,
        isConnected: Bool = false, isListening: Bool = false
    ) throws {
        let wantsName = identity.local != nil && !isNamed
        let wantsPeer = identity.remote != nil && !isConnected
        do {
            // The kernel names an internet socket when it connects.
            if wantsName, identity.family == Number.unix || !wantsPeer {
                try Sockets.bind(socket, to: try freshName(identity))
            }
            if wantsPeer {
                try connect(socket, identity)
            } else if identity.isListening, !isListening {
                try Sockets.listen(socket)
            }
        } catch let error as EndpointError {
            throw Unperformable("a socket of \(Self.text(identity)): \(error)")
        } catch let error as Errno {
            throw Unperformable("a socket of \(Self.text(identity)): \(error.name)")
        }
    }

    private func connect(_ socket: borrowing Descriptor, _ identity: SocketIdentity) throws {
        let kind = Kind(family: identity.family, type: identity.type)
        let far = try farSide(kind, identity)
        try Sockets.connect(socket, to: far.endpoint)
        guard Self.kind(kind.type) != nil, kind.type != Number.datagram else { return }
        let end = try Sockets.accept(far.listener.descriptor)
        farEnds[identity.cookie] = SharedDescriptor(end)
    }

    private func farSide(_ kind: Kind, _ identity: SocketIdentity) throws -> FarSide {
        if let side = farSides[kind] { return side }
        let listener = try Sockets.make(
            family: kind.family, type: kind.type, protocolNumber: identity.protocolNumber)
        let name = try freshName(identity)
        try Sockets.bind(listener, to: name)
        var endpoint = name
        if kind.family != Number.unix {
            let host = kind.family == Number.internet6 ? "[::1]" : "127.0.0.1"
            endpoint = "\(host):\(try Sockets.localPort(listener))"
        }
        if Self.kind(kind.type) != nil, kind.type != Number.datagram {
            try Sockets.listen(listener)
        }
        let side = FarSide(endpoint: endpoint, listener: SharedDescriptor(listener))
        farSides[kind] = side
        return side
    }

    private func freshName(_ identity: SocketIdentity) throws -> String {
        switch identity.family {
        case Number.internet: return "127.0.0.1:0"
        case Number.internet6: return "[::1]:0"
        case Number.unix:
            pathCount += 1
            let path = "\(stage.directory)/prop-\(pathCount).sock"
            stage.paths.append(path)
            return "unix:\(path)"
        default: throw Unperformable("a named socket of \(Self.text(identity))")
        }
    }

    private static func kind(_ type: Int32) -> Sockets.Kind? {
        switch type {
        case Number.stream: .stream
        case Number.datagram: .datagram
        case Number.sequencedPacket: .sequencedPacket
        default: nil
        }
    }

    private static func text(_ identity: SocketIdentity) -> String {
        "family \(identity.family) type \(identity.type) protocol \(identity.protocolNumber)"
    }
}
