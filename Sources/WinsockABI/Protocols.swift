public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: WSAEnumProtocolsA.
@c @implementation
public func WSAEnumProtocolsA(
    _ lpiProtocols: LPINT?, _ lpProtocolBuffer: LPWSAPROTOCOL_INFOA?, _ lpdwBufferLength: LPDWORD?
) -> Int32 {
    unsafe list(lpiProtocols, as: .ansi, into: lpProtocolBuffer, lpdwBufferLength)
}

/// Winsock: WSAEnumProtocolsW.
@c @implementation
public func WSAEnumProtocolsW(
    _ lpiProtocols: LPINT?, _ lpProtocolBuffer: LPWSAPROTOCOL_INFOW?, _ lpdwBufferLength: LPDWORD?
) -> Int32 {
    unsafe list(lpiProtocols, as: .wide, into: lpProtocolBuffer, lpdwBufferLength)
}

private func list(
    _ protocols: UnsafeRawPointer?, as form: ProtocolInfo.Form,
    into buffer: UnsafeMutableRawPointer?, _ length: UnsafeMutableRawPointer?
) -> Int32 {
    attempt(otherwise: socketError) { () throws(CallFailure) in
        try Library.requireStartup()
        let capacity = unsafe try callerNumber(at: length)
        let numbers = unsafe try protocolNumbers(protocols)
        switch ProtocolListing(protocols: numbers, as: form, bufferByteCount: Int(capacity)) {
        case .tooSmall(let needed):
            unsafe try giveNumber(UInt32(needed), to: length)
            throw CallFailure(.noBufferSpace, "the protocols need \(needed) bytes")
        case .records(let bytes, let count):
            unsafe try giveBytes(bytes, to: buffer)
            return Int32(count)
        }
    }
}

/// The numbers up to the first 0; nil for no list, which means all.
private func protocolNumbers(_ list: UnsafeRawPointer?) throws(CallFailure) -> [Int32]? {
    guard let list = unsafe list else { return nil }
    var numbers: [Int32] = []
    while numbers.count < longestList {
        let number = Int32(bitPattern: unsafe try callerNumber(at: list + 4 * numbers.count))
        if number == 0 { return numbers }
        numbers.append(number)
    }
    throw CallFailure(.badAddress, "the list of protocols does not end")
}

/// As many protocols as there can be numbers of.
private let longestList = 256
