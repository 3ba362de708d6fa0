// A program as it is written for Windows, nothing of Linux in it; compiled in every order of
// headers.
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <winuser.h>

int start(void);
SOCKET listen_on_loopback(void);
SOCKET give_away(SOCKET s, DWORD process, WSAPROTOCOL_INFO *info);
int configure(SOCKET s);
int wait_for(SOCKET s);
int watch(SOCKET s, HWND window);
int resolve(const char *name);
LRESULT CALLBACK procedure(HWND window, UINT message, WPARAM wParam, LPARAM lParam);

int start(void) {
    WSADATA data;
    int code = WSAStartup(MAKEWORD(2, 2), &data);
    if (code != 0 || LOBYTE(data.wVersion) != 2 || HIBYTE(data.wVersion) != 2) return code;
    return GetCurrentProcessId() != 0 && GetTickCount() <= GetTickCount64() ? NO_ERROR : 1;
}

SOCKET listen_on_loopback(void) {
    SOCKADDR_IN address;
    socklen_t length = sizeof(address);
    SOCKET s = WSASocket(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    if (s == INVALID_SOCKET) return s;
    ZeroMemory(&address, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(0);
    if (bind(s, (struct sockaddr *)&address, sizeof(address)) == SOCKET_ERROR ||
        listen(s, SOMAXCONN) == SOCKET_ERROR ||
        getsockname(s, (SOCKADDR *)&address, &length) == SOCKET_ERROR ||
        address.sin_addr.S_un.S_addr != htonl(INADDR_LOOPBACK) ||
        address.sin_addr.S_un.S_un_b.s_b1 != 127) {
        closesocket(s);
        return INVALID_SOCKET;
    }
    return s;
}

SOCKET give_away(SOCKET s, DWORD process, WSAPROTOCOL_INFO *info) {
    if (WSADuplicateSocket(s, process, info) != 0) {
        WSASetLastError(WSAGetLastError());
        return baton_last_reason()[0] == 0 ? 0 : INVALID_SOCKET;
    }
    closesocket(s);
    return WSASocket(
        FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info, 0,
        WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
}

int configure(SOCKET s) {
    struct linger linger = {1, 5};
    DWORD milliseconds = 250;
    int error = 0, size = sizeof(error);
    u_long on = 1;
    if (setsockopt(s, SOL_SOCKET, SO_LINGER, (const char *)&linger, sizeof(linger)) != 0) return 1;
    if (setsockopt(
            s, SOL_SOCKET, SO_RCVTIMEO, (const char *)&milliseconds, sizeof(milliseconds)) != 0) {
        return 2;
    }
    if (ioctlsocket(s, FIONBIO, &on) == SOCKET_ERROR) return 3;
    return getsockopt(s, SOL_SOCKET, SO_ERROR, (char *)&error, &size) == 0 ? error : 4;
}

int wait_for(SOCKET s) {
    fd_set readable;
    struct timeval timeout = {1, 0};
    WSAPOLLFD entry;
    FD_ZERO(&readable);
    FD_SET(s, &readable);
    if (select(0, &readable, NULL, NULL, &timeout) == SOCKET_ERROR) return WSAGetLastError();
    if (FD_ISSET(s, &readable)) FD_CLR(s, &readable);
    entry.fd = s;
    entry.events = POLLIN | POLLOUT;
    entry.revents = 0;
    if (WSAPoll(&entry, 1, 100) < 0) return h_errno;
    switch (WSAGetLastError()) {
    case WSAEWOULDBLOCK: return 1;
    case WSAETIMEDOUT: return 2;
    default: return entry.revents & (POLLERR | POLLHUP | POLLNVAL);
    }
}

int watch(SOCKET s, HWND window) {
    WSANETWORKEVENTS events;
    WSAEVENT event = WSACreateEvent();
    if (event == WSA_INVALID_EVENT) return 1;
    if (WSAEventSelect(s, event, FD_READ | FD_CLOSE) == SOCKET_ERROR) return 2;
    if (WSAWaitForMultipleEvents(1, &event, FALSE, 100, FALSE) == WSA_WAIT_TIMEOUT) return 3;
    if (WSAEnumNetworkEvents(s, event, &events) == 0 && (events.lNetworkEvents & FD_CLOSE) &&
        events.iErrorCode[FD_CLOSE_BIT] != 0) {
        return events.iErrorCode[FD_CLOSE_BIT];
    }
    return WSACloseEvent(event) ? WSAAsyncSelect(s, window, WM_USER + 1, FD_ALL_EVENTS) : 4;
}

int resolve(const char *name) {
    struct addrinfo hints, *list, *entry;
    char host[NI_MAXHOST], text[INET6_ADDRSTRLEN];
    struct hostent *old = gethostbyname(name);
    if (old == NULL) return h_errno == HOST_NOT_FOUND ? 1 : 2;
    if (old->h_length == 4 && old->h_addr != NULL) old->h_addrtype = AF_INET;
    ZeroMemory(&hints, sizeof(hints));
    hints.ai_family = AF_UNSPEC;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    switch (getaddrinfo(name, "80", &hints, &list)) {
    case 0: break;
    case EAI_NONAME: return 3;
    default: return 4;
    }
    for (entry = list; entry != NULL; entry = entry->ai_next) {
        DWORD length = _countof(text);
        if (getnameinfo(
                entry->ai_addr, (socklen_t)entry->ai_addrlen, host, sizeof(host), NULL, 0,
                NI_NUMERICHOST) != 0) {
            break;
        }
        WSAAddressToStringA(entry->ai_addr, (DWORD)entry->ai_addrlen, NULL, text, &length);
    }
    freeaddrinfo(list);
    return 0;
}

LRESULT CALLBACK procedure(HWND window, UINT message, WPARAM wParam, LPARAM lParam) {
    UNREFERENCED_PARAMETER(wParam);
    if (message == WM_USER + 1 && WSAGETSELECTEVENT(lParam) == FD_READ) {
        return WSAGETSELECTERROR(lParam);
    }
    return DefWindowProc(window, message, wParam, lParam);
}
