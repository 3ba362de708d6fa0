"""Sockets that go from process to process, as CPython's socket module shares them on Windows.

    info = baton_socket.share(sock, pid)    # in the source; the bytes go to the target by any means
    sock = baton_socket.fromshare(info)     # in the target, which has the process id `pid`

The C library is found as libws2_32.so, or where the environment variable BATON_LIBRARY says.
"""

import ctypes
import os
import socket

_INFO_SIZE = 628  # sizeof(WSAPROTOCOL_INFOW)
_FROM_PROTOCOL_INFO = -1
_INVALID_SOCKET = ctypes.c_size_t(-1).value
_WSA_FLAG_OVERLAPPED = 0x01
_VERSION = 0x0202

_library = None


class SharedSocket(socket.socket):
    """A socket whose close the coordinator hears of."""

    def _real_close(self):
        descriptor = self.detach()
        if descriptor != -1:
            _winsock().closesocket(descriptor)


def _winsock():
    """Loads the library and starts it up, once."""
    global _library
    if _library is None:
        library = ctypes.CDLL(os.environ.get("BATON_LIBRARY", "libws2_32.so"))
        library.WSASocketW.restype = ctypes.c_size_t
        library.WSASocketW.argtypes = [ctypes.c_int] * 3 + [
            ctypes.c_char_p,
            ctypes.c_uint,
            ctypes.c_uint32,
        ]
        library.WSADuplicateSocketW.argtypes = [ctypes.c_size_t, ctypes.c_uint32, ctypes.c_char_p]
        library.closesocket.argtypes = [ctypes.c_size_t]
        library.baton_last_reason.restype = ctypes.c_char_p
        data = ctypes.create_string_buffer(408)  # sizeof(WSADATA)
        code = library.WSAStartup(_VERSION, data)
        if code != 0:
            raise OSError(code, "WSAStartup failed")
        _library = library
    return _library


def _error(library):
    code = library.WSAGetLastError()
    reason = library.baton_last_reason().decode()
    return OSError(code, reason or f"Winsock error {code}")


def share(sock, pid):
    """Gives the process `pid` a right to the socket: 628 bytes, good once and for it alone.

    The socket may be closed before the bytes are even sent. Python: socket.share.
    """
    library = _winsock()
    info = ctypes.create_string_buffer(_INFO_SIZE)
    if library.WSADuplicateSocketW(sock.fileno(), pid, info) != 0:
        raise _error(library)
    return info.raw


def fromshare(data):
    """The socket that was shared with this process. It is not inheritable.

    Python: socket.fromshare.
    """
    if len(data) != _INFO_SIZE:
        raise ValueError(f"socket descriptor string has wrong size, should be {_INFO_SIZE} bytes.")
    library = _winsock()
    descriptor = library.WSASocketW(
        _FROM_PROTOCOL_INFO,
        _FROM_PROTOCOL_INFO,
        _FROM_PROTOCOL_INFO,
        bytes(data),
        0,
        _WSA_FLAG_OVERLAPPED,
    )
    if descriptor == _INVALID_SOCKET:
        raise _error(library)
    return SharedSocket(fileno=descriptor)
