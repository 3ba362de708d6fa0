// The names that Winsock and libc share. A program's `socket` is compiled as `ws2_socket`, the
// symbol that the library exports; libc's own stays untouched for everybody else in the process.
// The macros have no parameters, so that the address of a function can be taken.
#pragma once

// Types whose layout differs, or whose size: Winsock: in_addr, addrinfo, linger, fd_set, hostent.
#define addrinfo ws2_addrinfo
#define fd_set ws2_fd_set
#define hostent ws2_hostent
#define in_addr ws2_in_addr
#define ip_mreq ws2_ip_mreq
#define ip_mreq_source ws2_ip_mreq_source
#define linger ws2_linger
#define protoent ws2_protoent
#define servent ws2_servent
#define sockaddr_in ws2_sockaddr_in
#define socklen_t ws2_socklen_t
#define u_long ws2_u_long

// Sockets.
#define accept ws2_accept
#define bind ws2_bind
#define connect ws2_connect
#define getpeername ws2_getpeername
#define getsockname ws2_getsockname
#define getsockopt ws2_getsockopt
#define listen ws2_listen
#define recv ws2_recv
#define recvfrom ws2_recvfrom
#define select ws2_select
#define send ws2_send
#define sendto ws2_sendto
#define setsockopt ws2_setsockopt
#define shutdown ws2_shutdown
#define socket ws2_socket

// Names and addresses.
#define freeaddrinfo ws2_freeaddrinfo
#define getaddrinfo ws2_getaddrinfo
#define gethostbyname ws2_gethostbyname
#define gethostname ws2_gethostname
#define getnameinfo ws2_getnameinfo
#define getprotobyname ws2_getprotobyname
#define getprotobynumber ws2_getprotobynumber
#define getservbyname ws2_getservbyname
#define getservbyport ws2_getservbyport
#define inet_addr ws2_inet_addr
#define inet_ntoa ws2_inet_ntoa
#define inet_ntop ws2_inet_ntop
#define inet_pton ws2_inet_pton
