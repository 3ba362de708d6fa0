public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: WSAHtonl. Every protocol of the catalog is big-endian.
@c @implementation
public func WSAHtonl(
    _ s: SOCKET, _ hostlong: ws2_u_long, _ lpnetlong: UnsafeMutablePointer<ws2_u_long>?
) -> Int32 {
    unsafe swap(s, hostlong.bigEndian, into: lpnetlong)
}

/// Winsock: WSAHtons.
@c @implementation
public func WSAHtons(
    _ s: SOCKET, _ hostshort: u_short, _ lpnetshort: UnsafeMutablePointer<u_short>?
) -> Int32 {
    unsafe swap(s, hostshort.bigEndian, into: lpnetshort)
}

/// Winsock: WSANtohl.
@c @implementation
public func WSANtohl(
    _ s: SOCKET, _ netlong: ws2_u_long, _ lphostlong: UnsafeMutablePointer<ws2_u_long>?
) -> Int32 {
    unsafe swap(s, ws2_u_long(bigEndian: netlong), into: lphostlong)
}

/// Winsock: WSANtohs.
@c @implementation
public func WSANtohs(
    _ s: SOCKET, _ netshort: u_short, _ lphostshort: UnsafeMutablePointer<u_short>?
) -> Int32 {
    unsafe swap(s, u_short(bigEndian: netshort), into: lphostshort)
}

private func swap<Number: FixedWidthInteger>(
    _ socket: SOCKET, _ result: Number, into address: UnsafeMutableRawPointer?
) -> Int32 {
    attempt { () throws(CallFailure) in
        _ = try Library.started(socket)
        unsafe try giveBytes(littleEndian(result), to: address)
    }
}
