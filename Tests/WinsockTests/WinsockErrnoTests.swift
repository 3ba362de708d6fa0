import Testing
import Winsock

struct WinsockErrnoTests {
    /// Error numbers of errno.h with the names of what Winsock programs expect.
    static let expected: [(Int32, String)] = [
        (1, "WSAEACCES"), (2, "WSAECONNREFUSED"), (3, "WSAEINVAL"), (4, "WSAEINTR"),
        (9, "WSAENOTSOCK"), (11, "WSAEWOULDBLOCK"), (12, "WSAENOBUFS"), (13, "WSAEACCES"),
        (14, "WSAEFAULT"), (19, "WSAEADDRNOTAVAIL"), (22, "WSAEINVAL"), (23, "WSAEMFILE"),
        (24, "WSAEMFILE"), (25, "WSAEOPNOTSUPP"), (28, "WSAENOBUFS"), (32, "WSAESHUTDOWN"),
        (33, "WSAEINVAL"), (36, "WSAENAMETOOLONG"), (38, "WSAEOPNOTSUPP"), (39, "WSAENOTEMPTY"),
        (40, "WSAELOOP"), (66, "WSAEREMOTE"), (71, "WSAECONNABORTED"), (87, "WSAEUSERS"),
        (88, "WSAENOTSOCK"), (89, "WSAEDESTADDRREQ"), (90, "WSAEMSGSIZE"), (91, "WSAEPROTOTYPE"),
        (92, "WSAENOPROTOOPT"), (93, "WSAEPROTONOSUPPORT"), (94, "WSAESOCKTNOSUPPORT"),
        (95, "WSAEOPNOTSUPP"), (96, "WSAEPFNOSUPPORT"), (97, "WSAEAFNOSUPPORT"),
        (98, "WSAEADDRINUSE"), (99, "WSAEADDRNOTAVAIL"), (100, "WSAENETDOWN"),
        (101, "WSAENETUNREACH"), (102, "WSAENETRESET"), (103, "WSAECONNABORTED"),
        (104, "WSAECONNRESET"), (105, "WSAENOBUFS"), (106, "WSAEISCONN"), (107, "WSAENOTCONN"),
        (108, "WSAESHUTDOWN"), (109, "WSAETOOMANYREFS"), (110, "WSAETIMEDOUT"),
        (111, "WSAECONNREFUSED"), (112, "WSAEHOSTDOWN"), (113, "WSAEHOSTUNREACH"),
        (114, "WSAEALREADY"), (115, "WSAEWOULDBLOCK"), (116, "WSAESTALE"), (122, "WSAEDQUOT"),
        (125, "WSA_OPERATION_ABORTED"),
    ]

    @Test(arguments: expected)
    func `an error of a socket call has the code a Winsock program expects`(
        errno: Int32, name: String
    ) {
        #expect(WinsockErrno.code(forLinux: errno).name == name)
    }

    @Test func `every error number has a known code`() {
        for errno in Int32(1)...133 {
            let code = WinsockErrno.code(forLinux: errno)
            #expect(WSAError.all.contains(code), "errno \(errno)")
        }
    }

    @Test(arguments: [Int32.min, -11, 0, 5, 10, 41, 58, 133, 134, 512, .max])
    func `other numbers are a failed system call`(errno: Int32) {
        #expect(WinsockErrno.code(forLinux: errno) == .systemCallFailure)
    }
}
