public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: getsockopt.
@c @implementation
public func ws2_getsockopt(
    _ s: SOCKET, _ level: Int32, _ optname: Int32, _ optval: UnsafeMutablePointer<CChar>?,
    _ optlen: UnsafeMutablePointer<Int32>?
) -> Int32 {
    attempt { () throws(CallFailure) in
        try Library.requireStartup()
        if isOpenType(level, optname) {
            let capacity = unsafe try callerNumber(at: optlen)
            guard Int32(bitPattern: capacity) >= 4 else { throw CallFailure(.badAddress) }
            unsafe try giveNumber(UInt32(bitPattern: ThreadState.openType), to: optval)
            return unsafe try giveNumber(4, to: optlen)
        }
        let number = try Library.descriptor(of: s)
        guard unsafe optval != nil else { throw CallFailure(.badAddress) }
        let capacity = Int(Int32(bitPattern: unsafe try callerNumber(at: optlen)))
        let type = try Library.type(of: number)
        let option = try deciding { () throws(WSAError) in
            try SocketOption.find(level: level, name: optname, for: .read, of: type)
        }
        let (value, reported) = try read(option, of: number, capacity: max(0, capacity))
        unsafe try giveNumber(UInt32(reported), to: optlen)
        guard let value else {
            throw CallFailure(.badAddress, "\(option.spelling) needs \(reported) bytes")
        }
        unsafe try giveBytes(value, to: optval)
    }
}

/// Winsock: setsockopt.
@c @implementation
public func ws2_setsockopt(
    _ s: SOCKET, _ level: Int32, _ optname: Int32, _ optval: UnsafePointer<CChar>?, _ optlen: Int32
) -> Int32 {
    attempt { () throws(CallFailure) in
        try Library.requireStartup()
        if isOpenType(level, optname) {
            guard optlen >= 4 else { throw CallFailure(.badAddress) }
            ThreadState.openType = Int32(bitPattern: unsafe try callerNumber(at: optval))
            return
        }
        let number = try Library.descriptor(of: s)
        guard optlen >= 0 else { throw CallFailure(.badAddress) }
        let type = try Library.type(of: number)
        let option = try deciding { () throws(WSAError) in
            try SocketOption.find(level: level, name: optname, for: .write, of: type)
        }
        guard case .kernel(let level, let name, let form) = option.handling else {
            throw CallFailure(.noSuchOption)
        }
        let value = try asking { () throws(Errno) in
            unsafe try CallerMemory.read(min(Int(optlen), longestValue), at: optval)
        }
        var present: [UInt8] = []
        if form.needsPresentValue {
            present = try asking { () throws(Errno) in
                try SocketCalls.option(
                    number, level: level, name: name, capacity: form.linuxByteCount)
            }
        }
        let linux = try deciding { () throws(WSAError) in
            try form.linux(from: value, present: present)
        }
        try asking { () throws(Errno) in
            try SocketCalls.setOption(number, level: level, name: name, value: linux)
        }
    }
}

/// More than any option of the tables has.
private let longestValue = 4096

/// Of the thread, so that it needs no socket. Winsock: SO_OPENTYPE.
private func isOpenType(_ level: Int32, _ name: Int32) -> Bool {
    level == WS2_SOL_SOCKET && name == SO_OPENTYPE
}

/// The value, nil when it does not fit, and the size to report.
private func read(
    _ option: SocketOption, of number: Int32, capacity: Int
) throws(CallFailure) -> (value: [UInt8]?, reported: Int) {
    switch option.handling {
    case .kernel(let level, let name, let form):
        let raw = try asking { () throws(Errno) in
            try SocketCalls.option(
                number, level: level, name: name, capacity: form.linuxByteCount)
        }
        // Watching the socket's events may have fetched the error already.
        if form == .error, capacity >= 4, raw.allSatisfy({ $0 == 0 }),
            let code = NetworkEventHooks.takeError(number)
        {
            return (littleEndian(code.rawValue), 4)
        }
        let value = try deciding { () throws(WSAError) in
            try form.windows(from: raw, byteCount: capacity)
        }
        return (value, value.count)
    case .library(.maximumMessageByteCount):
        let entry = try Library.entry(of: number)
        let count = try deciding { () throws(WSAError) in try entry.maximumMessageByteCount() }
        guard capacity >= 4 else { return (nil, 4) }
        return (littleEndian(count), 4)
    case .library(.protocolInfo(let form)):
        let entry = try Library.entry(of: number)
        switch ProtocolInfoReply(entry, as: form, bufferByteCount: capacity) {
        case .record(let bytes, let count): return (bytes, count)
        case .tooSmall(let count): return (nil, count)
        }
    case .library(.openType):
        preconditionFailure("SO_OPENTYPE is answered without a socket.")
    }
}
