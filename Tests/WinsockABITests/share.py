"""Rows Y1 to Y4: sockets shared between Python processes. Exit status 0 if all is well."""

import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "Examples", "python"))
import baton_socket  # noqa: E402

MESSAGE = b"hello from the child"


def child():
    """Says its process id, takes the bytes, accepts a client and tells it something."""
    print(os.getpid(), flush=True)
    data = sys.stdin.buffer.read(628)
    with baton_socket.fromshare(data) as listener:
        assert not listener.get_inheritable()
        connection, _ = listener.accept()
        with connection:
            connection.sendall(MESSAGE)


def y1_the_source_closes_first():
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    with subprocess.Popen(
        [sys.executable, __file__, "child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as target:
        pid = int(target.stdout.readline())
        data = baton_socket.share(listener, pid)
        listener.close()
        target.stdin.write(data)
        target.stdin.close()
        with socket.create_connection(address, timeout=20) as client:
            received = b""
            while part := client.recv(100):
                received += part
        assert received == MESSAGE, received
        assert target.wait(20) == 0


def y2_any_other_size():
    with socket.socket() as sock:
        data = baton_socket.share(sock, os.getpid())
    assert len(data) == 628
    for wrong in (data[:-1], data + b"foo", b""):
        try:
            baton_socket.fromshare(wrong)
        except ValueError:
            continue
        raise AssertionError(f"{len(wrong)} bytes were taken")
    # None of them has used it up; this does.
    baton_socket.fromshare(data).close()
    try:
        baton_socket.fromshare(data)
    except OSError as error:
        assert error.errno == 10022, error
        assert "used" in str(error), error
    else:
        raise AssertionError("it was taken twice")


def compare(source, copy):
    assert copy.family == source.family
    assert copy.type == source.type
    if source.proto != 0:
        assert copy.proto == source.proto
    assert not copy.get_inheritable()
    assert copy.fileno() != source.fileno()


def y3_with_oneself():
    with socket.create_server(("127.0.0.1", 0)) as source:
        with baton_socket.fromshare(baton_socket.share(source, os.getpid())) as copy:
            compare(source, copy)
            assert copy.getsockname() == source.getsockname()


def y4_families_and_types():
    for family in (socket.AF_INET, socket.AF_INET6):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(family, kind) as source:
                data = baton_socket.share(source, os.getpid())
                with baton_socket.fromshare(data) as copy:
                    compare(source, copy)


def refusals_are_errors():
    with socket.socket() as sock:
        try:
            baton_socket.share(sock, 0)
        except OSError as error:
            assert error.errno == 10022, error
        else:
            raise AssertionError("process 0 was taken")


if __name__ == "__main__":
    if sys.argv[1:] == ["child"]:
        child()
    else:
        y1_the_source_closes_first()
        y2_any_other_size()
        y3_with_oneself()
        y4_families_and_types()
        refusals_are_errors()
        print("all rows hold")
