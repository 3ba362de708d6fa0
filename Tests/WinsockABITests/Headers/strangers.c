// What Windows does not have is not there, so that a program that asks goes Windows' way.
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <winuser.h>

#if defined SO_REUSEPORT || defined SO_PEERCRED || defined SO_PASSCRED || defined SO_BINDTODEVICE
#error "an option of Linux sockets"
#endif
#if defined MSG_NOSIGNAL || defined MSG_DONTWAIT || defined MSG_TRUNC || defined SOCK_CLOEXEC
#error "a flag of Linux"
#endif
#if defined AF_NETLINK || defined AF_LOCAL || defined PF_PACKET || defined AF_VSOCK
#error "a family of Linux"
#endif
#if defined IP_PKTINFO || defined IPV6_RECVPKTINFO || defined TCP_CORK || defined MCAST_JOIN_GROUP
#error "an option of Linux protocols"
#endif
#if defined POLLRDHUP || defined AI_IDN || defined EAI_SYSTEM || defined NI_IDN
#error "a constant of Linux' libc"
#endif
#if defined SIO_GET_QOS || defined WSASendMsg || defined AcceptEx || defined TransmitFile
#error "something of Windows that is not supported"
#endif
#if defined min || defined max || defined small || defined interface
#error "a macro that nobody wants"
#endif
#if !defined UNICODE && !defined WSASocket
#error "the neutral names are macros"
#endif
#if WSAEWOULDBLOCK != 10035 || FD_SETSIZE < 64 || AF_INET6 != 23
#error "a number that the preprocessor can use"
#endif

#include <errno.h>

#ifdef __cplusplus
static_assert(EWOULDBLOCK == EAGAIN && EINTR == 4, "errno's names keep Linux' numbers");
#else
_Static_assert(EWOULDBLOCK == EAGAIN && EINTR == 4, "errno's names keep Linux' numbers");
#endif
