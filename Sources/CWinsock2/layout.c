// Every structure has the layout of 64-bit Windows, or this file does not compile. As C++, too.

#include "winsock2.h"

#include "ws2tcpip.h"

#include "winuser.h"

#include "ws2/swift.h"

#ifdef __cplusplus
#define HOLDS(condition) static_assert(condition, #condition)
#else
#define HOLDS(condition) _Static_assert(condition, #condition)
#endif
#define HAS_SIZE(type, size) HOLDS(sizeof(type) == (size))
#define IS_AT(type, member, offset) HOLDS(offsetof(type, member) == (offset))

// Numbers.
HAS_SIZE(BYTE, 1);
HAS_SIZE(CHAR, 1);
HAS_SIZE(WCHAR, 2);
HAS_SIZE(WORD, 2);
HAS_SIZE(SHORT, 2);
HAS_SIZE(BOOL, 4);
HAS_SIZE(INT, 4);
HAS_SIZE(UINT, 4);
HAS_SIZE(LONG, 4);
HAS_SIZE(ULONG, 4);
HAS_SIZE(DWORD, 4);
HAS_SIZE(u_long, 4);
HAS_SIZE(u_int, 4);
HAS_SIZE(u_short, 2);
HAS_SIZE(u_char, 1);
HAS_SIZE(GROUP, 4);
HAS_SIZE(ATOM, 2);
HAS_SIZE(socklen_t, 4);
HAS_SIZE(ULONGLONG, 8);
HAS_SIZE(SOCKET, sizeof(void *));
HAS_SIZE(WSAEVENT, sizeof(void *));
HAS_SIZE(HANDLE, sizeof(void *));
HAS_SIZE(HWND, sizeof(void *));
HAS_SIZE(WPARAM, sizeof(void *));
HAS_SIZE(LPARAM, sizeof(void *));
HAS_SIZE(u"", sizeof(WCHAR));
HOLDS((SOCKET)-1 > 0 && (DWORD)-1 > 0 && (u_long)-1 > 0 && (WCHAR)-1 > 0);
HOLDS((LONG)-1 < 0 && (LRESULT)-1 < 0 && (socklen_t)-1 < 0);
HOLDS(INVALID_SOCKET == UINTPTR_MAX && SOCKET_ERROR == -1);

// WSAPROTOCOL_INFOA and WSAPROTOCOL_INFOW.
#define IS_PROTOCOL_INFO(type)              \
    IS_AT(type, dwServiceFlags1, 0);        \
    IS_AT(type, dwServiceFlags2, 4);        \
    IS_AT(type, dwServiceFlags3, 8);        \
    IS_AT(type, dwServiceFlags4, 12);       \
    IS_AT(type, dwProviderFlags, 16);       \
    IS_AT(type, ProviderId, 20);            \
    IS_AT(type, dwCatalogEntryId, 36);      \
    IS_AT(type, ProtocolChain, 40);         \
    IS_AT(type, ProtocolChain.ChainLen, 40); \
    IS_AT(type, ProtocolChain.ChainEntries, 44); \
    IS_AT(type, iVersion, 72);              \
    IS_AT(type, iAddressFamily, 76);        \
    IS_AT(type, iMaxSockAddr, 80);          \
    IS_AT(type, iMinSockAddr, 84);          \
    IS_AT(type, iSocketType, 88);           \
    IS_AT(type, iProtocol, 92);             \
    IS_AT(type, iProtocolMaxOffset, 96);    \
    IS_AT(type, iNetworkByteOrder, 100);    \
    IS_AT(type, iSecurityScheme, 104);      \
    IS_AT(type, dwMessageSize, 108);        \
    IS_AT(type, dwProviderReserved, 112);   \
    IS_AT(type, szProtocol, 116)

IS_PROTOCOL_INFO(WSAPROTOCOL_INFOA);
IS_PROTOCOL_INFO(WSAPROTOCOL_INFOW);
HAS_SIZE(WSAPROTOCOL_INFOA, 372);
HAS_SIZE(WSAPROTOCOL_INFOW, 628);
HAS_SIZE(WSAPROTOCOLCHAIN, 32);
HAS_SIZE(GUID, 16);
IS_AT(GUID, Data2, 4);
IS_AT(GUID, Data3, 6);
IS_AT(GUID, Data4, 8);

// WSADATA, as on 64-bit Windows: there the strings stand last.
IS_AT(WSADATA, wVersion, 0);
IS_AT(WSADATA, wHighVersion, 2);
IS_AT(WSADATA, iMaxSockets, 4);
IS_AT(WSADATA, iMaxUdpDg, 6);
IS_AT(WSADATA, lpVendorInfo, 8);
IS_AT(WSADATA, szDescription, 16);
IS_AT(WSADATA, szSystemStatus, 273);
HAS_SIZE(WSADATA, 408);

// Addresses.
HAS_SIZE(struct in_addr, 4);
IS_AT(struct in_addr, s_addr, 0);
IS_AT(struct in_addr, S_un.S_addr, 0);
IS_AT(struct in_addr, S_un.S_un_b.s_b4, 3);
IS_AT(struct in_addr, S_un.S_un_w.s_w2, 2);
HAS_SIZE(struct sockaddr, 16);
HAS_SIZE(struct sockaddr_in, 16);
IS_AT(struct sockaddr_in, sin_family, 0);
IS_AT(struct sockaddr_in, sin_port, 2);
IS_AT(struct sockaddr_in, sin_addr, 4);
IS_AT(struct sockaddr_in, sin_zero, 8);
HAS_SIZE(SOCKADDR_IN6, 28);
IS_AT(SOCKADDR_IN6, sin6_family, 0);
IS_AT(SOCKADDR_IN6, sin6_port, 2);
IS_AT(SOCKADDR_IN6, sin6_flowinfo, 4);
IS_AT(SOCKADDR_IN6, sin6_addr, 8);
IS_AT(SOCKADDR_IN6, sin6_scope_id, 24);
HAS_SIZE(IN6_ADDR, 16);
HAS_SIZE(SOCKADDR_STORAGE, 128);
IS_AT(SOCKADDR_STORAGE, ss_family, 0);
HAS_SIZE(struct ip_mreq, 8);
IS_AT(struct ip_mreq, imr_interface, 4);
HAS_SIZE(struct ip_mreq_source, 12);
IS_AT(struct ip_mreq_source, imr_sourceaddr, 4);
IS_AT(struct ip_mreq_source, imr_interface, 8);
HAS_SIZE(IPV6_MREQ, 20);
IS_AT(IPV6_MREQ, ipv6mr_interface, 16);

// The resolver.
#define IS_ADDRESS_INFO(type)       \
    HAS_SIZE(type, 48);             \
    IS_AT(type, ai_flags, 0);       \
    IS_AT(type, ai_family, 4);      \
    IS_AT(type, ai_socktype, 8);    \
    IS_AT(type, ai_protocol, 12);   \
    IS_AT(type, ai_addrlen, 16);    \
    IS_AT(type, ai_canonname, 24);  \
    IS_AT(type, ai_addr, 32);       \
    IS_AT(type, ai_next, 40)

IS_ADDRESS_INFO(struct addrinfo);
IS_ADDRESS_INFO(ADDRINFOW);
HAS_SIZE(struct hostent, 32);
IS_AT(struct hostent, h_name, 0);
IS_AT(struct hostent, h_aliases, 8);
IS_AT(struct hostent, h_addrtype, 16);
IS_AT(struct hostent, h_length, 18);
IS_AT(struct hostent, h_addr_list, 24);
HAS_SIZE(struct servent, 32);
IS_AT(struct servent, s_name, 0);
IS_AT(struct servent, s_aliases, 8);
IS_AT(struct servent, s_proto, 16);
IS_AT(struct servent, s_port, 24);
HAS_SIZE(struct protoent, 24);
IS_AT(struct protoent, p_name, 0);
IS_AT(struct protoent, p_aliases, 8);
IS_AT(struct protoent, p_proto, 16);

// Data, waiting, events.
HAS_SIZE(WSABUF, 16);
IS_AT(WSABUF, len, 0);
IS_AT(WSABUF, buf, 8);
HAS_SIZE(struct linger, 4);
IS_AT(struct linger, l_onoff, 0);
IS_AT(struct linger, l_linger, 2);
HAS_SIZE(fd_set, 8 + 8 * FD_SETSIZE);
IS_AT(fd_set, fd_count, 0);
IS_AT(fd_set, fd_array, 8);
HAS_SIZE(WSAPOLLFD, 16);
IS_AT(WSAPOLLFD, fd, 0);
IS_AT(WSAPOLLFD, events, 8);
IS_AT(WSAPOLLFD, revents, 10);
HAS_SIZE(WSANETWORKEVENTS, 44);
IS_AT(WSANETWORKEVENTS, lNetworkEvents, 0);
IS_AT(WSANETWORKEVENTS, iErrorCode, 4);
HAS_SIZE(FLOWSPEC, 32);
IS_AT(FLOWSPEC, TokenRate, 0);
IS_AT(FLOWSPEC, TokenBucketSize, 4);
IS_AT(FLOWSPEC, PeakBandwidth, 8);
IS_AT(FLOWSPEC, Latency, 12);
IS_AT(FLOWSPEC, DelayVariation, 16);
IS_AT(FLOWSPEC, ServiceType, 20);
IS_AT(FLOWSPEC, MaxSduSize, 24);
IS_AT(FLOWSPEC, MinimumPolicedSize, 28);
HAS_SIZE(QOS, 80);
IS_AT(QOS, SendingFlowspec, 0);
IS_AT(QOS, ReceivingFlowspec, 32);
IS_AT(QOS, ProviderSpecific, 64);

// Windows.
HAS_SIZE(POINT, 8);
HAS_SIZE(MSG, 48);
IS_AT(MSG, hwnd, 0);
IS_AT(MSG, message, 8);
IS_AT(MSG, wParam, 16);
IS_AT(MSG, lParam, 24);
IS_AT(MSG, time, 32);
IS_AT(MSG, pt, 36);

#define IS_WINDOW_CLASS(type)           \
    HAS_SIZE(type, 72);                 \
    IS_AT(type, style, 0);              \
    IS_AT(type, lpfnWndProc, 8);        \
    IS_AT(type, cbClsExtra, 16);        \
    IS_AT(type, cbWndExtra, 20);        \
    IS_AT(type, hInstance, 24);         \
    IS_AT(type, hIcon, 32);             \
    IS_AT(type, hCursor, 40);           \
    IS_AT(type, hbrBackground, 48);     \
    IS_AT(type, lpszMenuName, 56);      \
    IS_AT(type, lpszClassName, 64)

IS_WINDOW_CLASS(WNDCLASSA);
IS_WINDOW_CLASS(WNDCLASSW);
