public import CWinsock2
internal import Transport
internal import Winsock

/// Winsock: WSAAddressToStringA.
@c @implementation
public func WSAAddressToStringA(
    _ lpsaAddress: LPSOCKADDR?, _ dwAddressLength: DWORD, _ lpProtocolInfo: LPWSAPROTOCOL_INFOA?,
    _ lpszAddressString: LPSTR?, _ lpdwAddressStringLength: LPDWORD?
) -> INT {
    unsafe write(
        lpsaAddress, dwAddressLength, as: .narrow, to: lpszAddressString, lpdwAddressStringLength)
}

/// Winsock: WSAAddressToStringW.
@c @implementation
public func WSAAddressToStringW(
    _ lpsaAddress: LPSOCKADDR?, _ dwAddressLength: DWORD, _ lpProtocolInfo: LPWSAPROTOCOL_INFOW?,
    _ lpszAddressString: LPWSTR?, _ lpdwAddressStringLength: LPDWORD?
) -> INT {
    unsafe write(
        lpsaAddress, dwAddressLength, as: .wide, to: lpszAddressString, lpdwAddressStringLength)
}

/// Winsock: WSAStringToAddressA.
@c @implementation
public func WSAStringToAddressA(
    _ AddressString: LPSTR?, _ AddressFamily: INT, _ lpProtocolInfo: LPWSAPROTOCOL_INFOA?,
    _ lpAddress: LPSOCKADDR?, _ lpAddressLength: LPINT?
) -> INT {
    unsafe read(AddressString, as: .narrow, AddressFamily, into: lpAddress, lpAddressLength)
}

/// Winsock: WSAStringToAddressW.
@c @implementation
public func WSAStringToAddressW(
    _ AddressString: LPWSTR?, _ AddressFamily: INT, _ lpProtocolInfo: LPWSAPROTOCOL_INFOW?,
    _ lpAddress: LPSOCKADDR?, _ lpAddressLength: LPINT?
) -> INT {
    unsafe read(AddressString, as: .wide, AddressFamily, into: lpAddress, lpAddressLength)
}

private func write(
    _ address: UnsafeRawPointer?, _ byteCount: DWORD, as form: TextForm,
    to buffer: UnsafeMutableRawPointer?, _ length: UnsafeMutableRawPointer?
) -> INT {
    attempt { () throws(CallFailure) in
        try Library.requireStartup()
        let bytes = try asking { () throws(Errno) in
            unsafe try CallerMemory.read(min(Int(byteCount), 128), at: address)
        }
        let capacity = unsafe try callerNumber(at: length)
        let text = try deciding { () throws(WSAError) in try SocketAddress.text(windows: bytes) }
        let (encoded, count) = form.encoded(Array(text.utf8))
        unsafe try giveNumber(UInt32(count), to: length)
        guard count <= capacity else {
            throw CallFailure(.badAddress, "the text needs \(count) characters")
        }
        unsafe try giveBytes(encoded, to: buffer)
    }
}

private func read(
    _ text: UnsafeRawPointer?, as form: TextForm, _ family: INT,
    into buffer: UnsafeMutableRawPointer?, _ length: UnsafeMutableRawPointer?
) -> INT {
    attempt { () throws(CallFailure) in
        try Library.requireStartup()
        guard let text = unsafe try form.text(at: text) else { throw CallFailure(.badAddress) }
        let capacity = Int(Int32(bitPattern: unsafe try callerNumber(at: length)))
        let address = try deciding { () throws(WSAError) in
            try SocketAddress(String(decoding: text, as: UTF8.self), family: family)
        }
        let bytes = address.windowsBytes
        unsafe try giveNumber(UInt32(bytes.count), to: length)
        guard bytes.count <= capacity else {
            throw CallFailure(.badAddress, "the address needs \(bytes.count) bytes")
        }
        unsafe try giveBytes(bytes, to: buffer)
    }
}
