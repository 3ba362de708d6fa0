// The functions of winsock2.h. Those that fail return SOCKET_ERROR, INVALID_SOCKET, NULL or FALSE,
// and WSAGetLastError of the same thread says why. Each is the page of its name in Winsock.
#pragma once

#define WSAAPI

#ifdef __cplusplus
extern "C" {
#endif

// Startup and errors. WSAStartup returns the code itself.
int WSAAPI WSAStartup(WORD wVersionRequested, LPWSADATA lpWSAData);
int WSAAPI WSACleanup(void);
int WSAAPI WSAGetLastError(void);
void WSAAPI WSASetLastError(int iError);
// Baton's own: why the last request of this thread was refused, in words; "" if none was. Never
// NULL; valid until the thread's next call of this library.
const char *baton_last_reason(void);

// Handing a socket to another process: the source duplicates for a process id and ships the record,
// the target opens it once with FROM_PROTOCOL_INFO and WSA_FLAG_OVERLAPPED.
int WSAAPI WSADuplicateSocketA(
    SOCKET s, DWORD dwProcessId, LPWSAPROTOCOL_INFOA lpProtocolInfo);
int WSAAPI WSADuplicateSocketW(
    SOCKET s, DWORD dwProcessId, LPWSAPROTOCOL_INFOW lpProtocolInfo);
SOCKET WSAAPI WSASocketA(
    int af, int type, int protocol, LPWSAPROTOCOL_INFOA lpProtocolInfo, GROUP g, DWORD dwFlags);
SOCKET WSAAPI WSASocketW(
    int af, int type, int protocol, LPWSAPROTOCOL_INFOW lpProtocolInfo, GROUP g, DWORD dwFlags);
int WSAAPI WSAEnumProtocolsA(
    LPINT lpiProtocols, LPWSAPROTOCOL_INFOA lpProtocolBuffer, LPDWORD lpdwBufferLength);
int WSAAPI WSAEnumProtocolsW(
    LPINT lpiProtocols, LPWSAPROTOCOL_INFOW lpProtocolBuffer, LPDWORD lpdwBufferLength);

// Sockets.
SOCKET WSAAPI socket(int af, int type, int protocol);
int WSAAPI closesocket(SOCKET s);
int WSAAPI bind(SOCKET s, const struct sockaddr *name, int namelen);
int WSAAPI listen(SOCKET s, int backlog);
SOCKET WSAAPI accept(SOCKET s, struct sockaddr *addr, int *addrlen);
int WSAAPI connect(SOCKET s, const struct sockaddr *name, int namelen);
int WSAAPI shutdown(SOCKET s, int how);
int WSAAPI getsockname(SOCKET s, struct sockaddr *name, int *namelen);
int WSAAPI getpeername(SOCKET s, struct sockaddr *name, int *namelen);
int WSAAPI getsockopt(SOCKET s, int level, int optname, char *optval, int *optlen);
int WSAAPI setsockopt(SOCKET s, int level, int optname, const char *optval, int optlen);
int WSAAPI ioctlsocket(SOCKET s, LONG cmd, u_long *argp);
int WSAAPI WSAIoctl(
    SOCKET s, DWORD dwIoControlCode, LPVOID lpvInBuffer, DWORD cbInBuffer, LPVOID lpvOutBuffer,
    DWORD cbOutBuffer, LPDWORD lpcbBytesReturned, LPWSAOVERLAPPED lpOverlapped,
    LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine);
SOCKET WSAAPI WSAAccept(
    SOCKET s, struct sockaddr *addr, LPINT addrlen, LPCONDITIONPROC lpfnCondition,
    DWORD_PTR dwCallbackData);
int WSAAPI WSAConnect(
    SOCKET s, const struct sockaddr *name, int namelen, LPWSABUF lpCallerData,
    LPWSABUF lpCalleeData, LPQOS lpSQOS, LPQOS lpGQOS);

// Data.
int WSAAPI send(SOCKET s, const char *buf, int len, int flags);
int WSAAPI recv(SOCKET s, char *buf, int len, int flags);
int WSAAPI sendto(
    SOCKET s, const char *buf, int len, int flags, const struct sockaddr *to, int tolen);
int WSAAPI recvfrom(
    SOCKET s, char *buf, int len, int flags, struct sockaddr *from, int *fromlen);
int WSAAPI WSASend(
    SOCKET s, LPWSABUF lpBuffers, DWORD dwBufferCount, LPDWORD lpNumberOfBytesSent, DWORD dwFlags,
    LPWSAOVERLAPPED lpOverlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine);
int WSAAPI WSARecv(
    SOCKET s, LPWSABUF lpBuffers, DWORD dwBufferCount, LPDWORD lpNumberOfBytesRecvd,
    LPDWORD lpFlags, LPWSAOVERLAPPED lpOverlapped,
    LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine);
int WSAAPI WSASendTo(
    SOCKET s, LPWSABUF lpBuffers, DWORD dwBufferCount, LPDWORD lpNumberOfBytesSent, DWORD dwFlags,
    const struct sockaddr *lpTo, int iTolen, LPWSAOVERLAPPED lpOverlapped,
    LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine);
int WSAAPI WSARecvFrom(
    SOCKET s, LPWSABUF lpBuffers, DWORD dwBufferCount, LPDWORD lpNumberOfBytesRecvd,
    LPDWORD lpFlags, struct sockaddr *lpFrom, LPINT lpFromlen, LPWSAOVERLAPPED lpOverlapped,
    LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine);

// Waiting. WSAPoll's timeout is in milliseconds.
int WSAAPI select(
    int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, const struct timeval *timeout);
int WSAAPI __WSAFDIsSet(SOCKET fd, fd_set *set);
int WSAAPI WSAPoll(LPWSAPOLLFD fdArray, ULONG fds, INT timeout);

// Events. A registration belongs to the socket: it cancels every earlier one, of whatever process.
WSAEVENT WSAAPI WSACreateEvent(void);
BOOL WSAAPI WSASetEvent(WSAEVENT hEvent);
BOOL WSAAPI WSAResetEvent(WSAEVENT hEvent);
BOOL WSAAPI WSACloseEvent(WSAEVENT hEvent);
DWORD WSAAPI WSAWaitForMultipleEvents(
    DWORD cEvents, const WSAEVENT *lphEvents, BOOL fWaitAll, DWORD dwTimeout, BOOL fAlertable);
int WSAAPI WSAEventSelect(SOCKET s, WSAEVENT hEventObject, LONG lNetworkEvents);
int WSAAPI WSAEnumNetworkEvents(
    SOCKET s, WSAEVENT hEventObject, LPWSANETWORKEVENTS lpNetworkEvents);
int WSAAPI WSAAsyncSelect(SOCKET s, HWND hWnd, u_int wMsg, LONG lEvent);

// Names and addresses. The results of get…by… are the thread's, until its next such call.
struct hostent *WSAAPI gethostbyname(const char *name);
struct servent *WSAAPI getservbyname(const char *name, const char *proto);
struct servent *WSAAPI getservbyport(int port, const char *proto);
struct protoent *WSAAPI getprotobyname(const char *name);
struct protoent *WSAAPI getprotobynumber(int number);
int WSAAPI gethostname(char *name, int namelen);
u_long WSAAPI inet_addr(const char *cp);
char *WSAAPI inet_ntoa(struct in_addr in);
INT WSAAPI WSAAddressToStringA(
    LPSOCKADDR lpsaAddress, DWORD dwAddressLength, LPWSAPROTOCOL_INFOA lpProtocolInfo,
    LPSTR lpszAddressString, LPDWORD lpdwAddressStringLength);
INT WSAAPI WSAAddressToStringW(
    LPSOCKADDR lpsaAddress, DWORD dwAddressLength, LPWSAPROTOCOL_INFOW lpProtocolInfo,
    LPWSTR lpszAddressString, LPDWORD lpdwAddressStringLength);
INT WSAAPI WSAStringToAddressA(
    LPSTR AddressString, INT AddressFamily, LPWSAPROTOCOL_INFOA lpProtocolInfo,
    LPSOCKADDR lpAddress, LPINT lpAddressLength);
INT WSAAPI WSAStringToAddressW(
    LPWSTR AddressString, INT AddressFamily, LPWSAPROTOCOL_INFOW lpProtocolInfo,
    LPSOCKADDR lpAddress, LPINT lpAddressLength);

// Byte order as the socket's protocol has it. htonl and its like are the system's: same types.
int WSAAPI WSAHtonl(SOCKET s, u_long hostlong, u_long *lpnetlong);
int WSAAPI WSAHtons(SOCKET s, u_short hostshort, u_short *lpnetshort);
int WSAAPI WSANtohl(SOCKET s, u_long netlong, u_long *lphostlong);
int WSAAPI WSANtohs(SOCKET s, u_short netshort, u_short *lphostshort);

// Adds a socket that is not in the set yet, when there is room. Winsock: select.
static inline void ws2_fd_set_add(SOCKET fd, fd_set *set) {
    for (u_int index = 0; index < set->fd_count; index++) {
        if (set->fd_array[index] == fd) return;
    }
    if (set->fd_count < FD_SETSIZE) set->fd_array[set->fd_count++] = fd;
}

// Removes a socket; those after it keep their order.
static inline void ws2_fd_set_remove(SOCKET fd, fd_set *set) {
    u_int kept = 0;
    for (u_int index = 0; index < set->fd_count; index++) {
        if (set->fd_array[index] != fd) set->fd_array[kept++] = set->fd_array[index];
    }
    set->fd_count = kept;
}

#define FD_SET(fd, set) ws2_fd_set_add((SOCKET)(fd), (set))
#define FD_CLR(fd, set) ws2_fd_set_remove((SOCKET)(fd), (set))
#define FD_ZERO(set) ((void)((set)->fd_count = 0))
#define FD_ISSET(fd, set) __WSAFDIsSet((SOCKET)(fd), (set))

#ifdef UNICODE
#define WSADuplicateSocket WSADuplicateSocketW
#define WSASocket WSASocketW
#define WSAEnumProtocols WSAEnumProtocolsW
#define WSAAddressToString WSAAddressToStringW
#define WSAStringToAddress WSAStringToAddressW
#else
#define WSADuplicateSocket WSADuplicateSocketA
#define WSASocket WSASocketA
#define WSAEnumProtocols WSAEnumProtocolsA
#define WSAAddressToString WSAAddressToStringA
#define WSAStringToAddress WSAStringToAddressA
#endif

#ifdef __cplusplus
}
#endif
