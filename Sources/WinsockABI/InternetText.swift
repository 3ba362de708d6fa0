public import CWinsock2
internal import Transport
internal import Winsock

// Addresses as text, for which nothing needs to be started up.

/// Winsock: inet_pton.
@c @implementation
public func ws2_inet_pton(_ Family: INT, _ pszAddrString: PCSTR?, _ pAddrBuf: PVOID?) -> INT {
    unsafe parse(Family, pszAddrString, as: .narrow, into: pAddrBuf)
}

/// Winsock: InetPtonW.
@c @implementation
public func InetPtonW(_ Family: INT, _ pszAddrString: PCWSTR?, _ pAddrBuf: PVOID?) -> INT {
    unsafe parse(Family, pszAddrString, as: .wide, into: pAddrBuf)
}

/// Winsock: inet_ntop.
@c @implementation
public func ws2_inet_ntop(
    _ Family: INT, _ pAddr: UnsafeRawPointer?, _ pStringBuf: PSTR?, _ StringBufSize: Int
) -> PCSTR? {
    let isDone = unsafe format(Family, pAddr, as: .narrow, into: pStringBuf, StringBufSize)
    return unsafe isDone ? PCSTR(pStringBuf) : nil
}

/// Winsock: InetNtopW.
@c @implementation
public func InetNtopW(
    _ Family: INT, _ pAddr: UnsafeRawPointer?, _ pStringBuf: PWSTR?, _ StringBufSize: Int
) -> PCWSTR? {
    let isDone = unsafe format(Family, pAddr, as: .wide, into: pStringBuf, StringBufSize)
    return unsafe isDone ? PCWSTR(pStringBuf) : nil
}

/// Winsock: inet_addr. INADDR_NONE for what is no address; a single space is 0.0.0.0.
@c @implementation
public func ws2_inet_addr(_ cp: UnsafePointer<CChar>?) -> ws2_u_long {
    do throws(CallFailure) {
        guard let text = unsafe try TextForm.narrow.text(at: cp) else { return .max }
        if text == [UInt8(ascii: " ")] { return 0 }
        return NameCalls.internetAddress(text) ?? .max
    } catch {
        return .max
    }
}

/// Winsock: inet_ntoa.
@c @implementation
public func ws2_inet_ntoa(_ `in`: ws2_in_addr) -> UnsafeMutablePointer<CChar>? {
    let address = InternetAddress(number: UInt32(bigEndian: `in`.s_addr))
    return unsafe keep(address.description)
}

/// Winsock: gai_strerror.
@c @implementation
public func gai_strerrorA(_ ecode: Int32) -> UnsafeMutablePointer<CChar>? {
    unsafe keep(WSAError(rawValue: ecode).meaning)
}

/// Keeps a text until the thread's next call that gives one.
private func keep(_ text: String) -> UnsafeMutablePointer<CChar>? {
    let room = unsafe ThreadResult.text.room
    let bytes = Array(text.utf8).prefix(room.count - 1)
    unsafe room.copyBytes(from: bytes)
    return unsafe room.baseAddress?.assumingMemoryBound(to: CChar.self)
}

/// 1 for an address, 0 for text that is none, −1 with the last error otherwise.
private func parse(
    _ family: INT, _ text: UnsafeRawPointer?, as form: TextForm,
    into buffer: UnsafeMutableRawPointer?
) -> INT {
    attempt(otherwise: socketError) { () throws(CallFailure) in
        let family = try internetFamily(family)
        guard let text = unsafe try form.text(at: text), unsafe buffer != nil else {
            throw CallFailure(.badAddress)
        }
        let string = String(decoding: text, as: UTF8.self)
        let bytes: [UInt8]
        if family == .internet {
            guard let address = InternetAddress(string[...]) else { return 0 }
            bytes = Array(SocketAddress.internet(address: address, port: 0).windowsBytes[4..<8])
        } else {
            guard let address = InternetAddress6(string[...]) else { return 0 }
            bytes = Array(SocketAddress.internet6(address: address, port: 0).windowsBytes[8..<24])
        }
        unsafe try giveBytes(bytes, to: buffer)
        return 1
    }
}

private func format(
    _ family: INT, _ address: UnsafeRawPointer?, as form: TextForm,
    into buffer: UnsafeMutableRawPointer?, _ capacity: Int
) -> Bool {
    attempt(otherwise: false) { () throws(CallFailure) in
        let family = try internetFamily(family)
        var bytes = [UInt8](repeating: 0, count: family == .internet ? 16 : 28)
        bytes[0] = UInt8(family.rawValue)
        let (offset, count) = family == .internet ? (4, 4) : (8, 16)
        let given = try asking { () throws(Errno) in
            unsafe try CallerMemory.read(count, at: address)
        }
        bytes.replaceSubrange(offset..<offset + count, with: given)
        let text = try deciding { () throws(WSAError) in try SocketAddress.text(windows: bytes) }
        let (encoded, characterCount) = form.encoded(Array(text.utf8))
        guard unsafe buffer != nil, characterCount <= capacity else {
            throw CallFailure(.invalidParameter, "the text needs \(characterCount) characters")
        }
        unsafe try giveBytes(encoded, to: buffer)
        return true
    }
}

private func internetFamily(_ number: INT) throws(CallFailure) -> AddressFamily {
    guard let family = AddressFamily(rawValue: number), family != .unix else {
        throw CallFailure(.addressFamilyNotSupported)
    }
    return family
}
