// The functions have Windows' parameters. A program gives their addresses to pointers of its own,
// which is also why the names are macros without parameters.
#include <winsock2.h>
#include <ws2tcpip.h>
#include <winuser.h>

SOCKET(WSAAPI *open_socket)(int, int, int) = socket;
int(WSAAPI *close_socket)(SOCKET) = closesocket;
int(WSAAPI *bind_socket)(SOCKET, const struct sockaddr *, int) = bind;
SOCKET(WSAAPI *accept_socket)(SOCKET, struct sockaddr *, int *) = accept;
int(WSAAPI *send_data)(SOCKET, const char *, int, int) = send;
int(WSAAPI *receive_data)(SOCKET, char *, int, int) = recv;
int(WSAAPI *set_option)(SOCKET, int, int, const char *, int) = setsockopt;
int(WSAAPI *get_option)(SOCKET, int, int, char *, int *) = getsockopt;
int(WSAAPI *select_sockets)(int, FD_SET *, FD_SET *, FD_SET *, const TIMEVAL *) = select;
int(WSAAPI *control)(SOCKET, LONG, u_long *) = ioctlsocket;
int(WSAAPI *duplicate_a)(SOCKET, DWORD, LPWSAPROTOCOL_INFOA) = WSADuplicateSocketA;
int(WSAAPI *duplicate_w)(SOCKET, DWORD, LPWSAPROTOCOL_INFOW) = WSADuplicateSocketW;
int(WSAAPI *duplicate)(SOCKET, DWORD, LPWSAPROTOCOL_INFO) = WSADuplicateSocket;
SOCKET(WSAAPI *open_a)(int, int, int, LPWSAPROTOCOL_INFOA, GROUP, DWORD) = WSASocketA;
SOCKET(WSAAPI *open_w)(int, int, int, LPWSAPROTOCOL_INFOW, GROUP, DWORD) = WSASocketW;
SOCKET(WSAAPI *open_neutral)(int, int, int, LPWSAPROTOCOL_INFO, GROUP, DWORD) = WSASocket;
int(WSAAPI *poll_sockets)(WSAPOLLFD *, ULONG, INT) = WSAPoll;
int(WSAAPI *select_events)(SOCKET, WSAEVENT, LONG) = WSAEventSelect;
INT(WSAAPI *resolve)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
    getaddrinfo;
u_long(WSAAPI *address_of)(const char *) = inet_addr;
char *(WSAAPI *text_of)(struct in_addr) = inet_ntoa;
int(WSAAPI *host_name)(char *, int) = gethostname;

// The neutral names follow UNICODE.
#ifdef UNICODE
INT(WSAAPI *neutral_resolve)(PCWSTR, PCWSTR, const ADDRINFOW *, PADDRINFOW *) = GetAddrInfo;
void(WSAAPI *neutral_free)(PADDRINFOW) = FreeAddrInfo;
#else
INT(WSAAPI *neutral_resolve)(PCSTR, PCSTR, const ADDRINFOA *, PADDRINFOA *) = GetAddrInfo;
void(WSAAPI *neutral_free)(PADDRINFOA) = FreeAddrInfo;
char *(WSAAPI *neutral_error)(int) = gai_strerror;
#endif
INT(WSAAPI *neutral_name)(
    const SOCKADDR *, socklen_t, LPTSTR, DWORD, LPTSTR, DWORD, INT) = GetNameInfo;
INT(WSAAPI *neutral_parse)(INT, LPCTSTR, PVOID) = InetPton;
LPCTSTR(WSAAPI *neutral_print)(INT, const VOID *, LPTSTR, size_t) = InetNtop;
INT(WSAAPI *neutral_list)(LPINT, LPWSAPROTOCOL_INFO, LPDWORD) = WSAEnumProtocols;
INT(WSAAPI *neutral_text)(LPSOCKADDR, DWORD, LPWSAPROTOCOL_INFO, LPTSTR, LPDWORD) =
    WSAAddressToString;
INT(WSAAPI *neutral_address)(LPTSTR, INT, LPWSAPROTOCOL_INFO, LPSOCKADDR, LPINT) =
    WSAStringToAddress;
ATOM(WINAPI *neutral_register)(const WNDCLASS *) = RegisterClass;
BOOL(WINAPI *neutral_unregister)(LPCTSTR, HINSTANCE) = UnregisterClass;
HWND(WINAPI *neutral_create)(
    DWORD, LPCTSTR, LPCTSTR, DWORD, int, int, int, int, HWND, HMENU, HINSTANCE, LPVOID) =
    CreateWindowEx;
BOOL(WINAPI *neutral_get)(LPMSG, HWND, UINT, UINT) = GetMessage;
BOOL(WINAPI *neutral_peek)(LPMSG, HWND, UINT, UINT, UINT) = PeekMessage;
LRESULT(WINAPI *neutral_dispatch)(const MSG *) = DispatchMessage;
BOOL(WINAPI *neutral_post)(HWND, UINT, WPARAM, LPARAM) = PostMessage;
WNDPROC neutral_procedure = DefWindowProc;

// A record of the other form, a libc structure or libc's function is another type: what must not
// compile is in refused.c.

#ifdef UNICODE
WSAPROTOCOL_INFOW *neutral_record(WSAPROTOCOL_INFO *record);
WSAPROTOCOL_INFOW *neutral_record(WSAPROTOCOL_INFO *record) { return record; }
const WCHAR *neutral_literal = TEXT("wide");
#else
WSAPROTOCOL_INFOA *neutral_record(WSAPROTOCOL_INFO *record);
WSAPROTOCOL_INFOA *neutral_record(WSAPROTOCOL_INFO *record) { return record; }
const CHAR *neutral_literal = TEXT("narrow");
#endif
const WCHAR *wide_text = u"wide";
