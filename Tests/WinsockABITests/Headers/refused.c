// Each CASE is a mistake that must not compile: it would be a lie, or a mismatch of A and W.
#include <winsock2.h>
#include <ws2tcpip.h>
#include <winuser.h>

#if CASE == 0
// Nothing: this one compiles, so that the others fail for their own reason.
#elif CASE == 1
int mixed(SOCKET s, WSAPROTOCOL_INFOA *info) { return WSADuplicateSocketW(s, 1, info); }
#elif CASE == 2
WSAOVERLAPPED overlapped;
#elif CASE == 3
int message(SOCKET s) { return WSASendMsg(s, NULL, 0, NULL, NULL, NULL); }
#elif CASE == 4
int query(SOCKET s) { return WSAIoctl(s, SIO_GET_QOS, NULL, 0, NULL, 0, NULL, NULL, NULL); }
#elif CASE == 5
int option(SOCKET s) { return setsockopt(s, SOL_SOCKET, SO_REUSEPORT, "", 0); }
#elif CASE == 6
HANDLE asynchronous(HWND w) { return WSAAsyncGetHostByName(w, WM_USER, "a", NULL, 0); }
#elif CASE == 7
int family(void) { return AF_NETLINK; }
#elif CASE == 8
void window(HWND w) { ShowWindow(w, 0); }
#elif CASE == 9
const WCHAR *text(void) { return L"32 bits a character"; }
#elif CASE == 10
int alias(SOCKET s, WSAPROTOCOL_INFOA *narrow, WSAPROTOCOL_INFOW *wide) {
    return WSADuplicateSocket(s, 1, narrow) + WSADuplicateSocket(s, 1, wide);
}
#else
int no_such_case[-1];
#endif
