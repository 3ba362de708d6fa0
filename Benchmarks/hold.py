"""Issues handoffs that nobody redeems, in the frames of Sources/Wire/Frame.swift.

    python3 hold.py SOCKET COUNT

All are for this process, which prints how many were issued and then waits for the end of its
standard input, so that they stay open.
"""

import array
import os
import socket
import struct
import sys

MAGIC, VERSION = 0x42, 1
STARTUP, DUPLICATE = 1, 2
WELCOME, RECORD, REFUSAL = 1, 2, 5
OVERLAPPED, FORM_WIDE, ROLE_PEER = 1, 1, 0
# As many as wait for their commit together, so that an fsync is shared.
IN_FLIGHT = 64


def frame(kind, counter, payload):
    return struct.pack("<BBBBIQ", MAGIC, VERSION, kind, 0, 16 + len(payload), counter) + payload


def receive(connection, counter, kind):
    answer = connection.recv(4096)
    if len(answer) < 24:
        sys.exit("hold: the coordinator has closed the connection")
    if answer[2] == REFUSAL:
        sys.exit(f"hold: refused, reason {struct.unpack_from('<H', answer, 36)[0]}")
    found = struct.unpack_from("<Q", answer, 8)[0]
    if answer[2] != kind or found != counter:
        sys.exit(f"hold: answer {answer[2]} to {found}, expected {kind} to {counter}")


def main():
    path, count = sys.argv[1], int(sys.argv[2])
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(path)
    nonce = int.from_bytes(os.urandom(8), "little") | 1
    connection.send(frame(STARTUP, 1, struct.pack("<QBBB", nonce, ROLE_PEER, VERSION, VERSION)))
    receive(connection, 1, WELCOME)
    answered = 1
    for number in range(2, count + 2):
        # The socket that `baton bench` hands over: TCP, not connected. Each handoff has its own.
        payload = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        body = struct.pack("<QqQIBB", answered, os.getpid(), 0, OVERLAPPED, FORM_WIDE, 0)
        rights = array.array("i", [payload.fileno()])
        connection.sendmsg(
            [frame(DUPLICATE, number, body)],
            [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights.tobytes())],
        )
        payload.close()
        if number - answered >= IN_FLIGHT:
            answered += 1
            receive(connection, answered, RECORD)
    while answered < count + 1:
        answered += 1
        receive(connection, answered, RECORD)
    print(count, flush=True)
    sys.stdin.read()


main()
