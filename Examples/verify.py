#!/usr/bin/env python3
"""Verifies what `baton tiles DIR` wrote, with Python and nothing else.

    verify.py DIR VKEY [OLDER-CHECKPOINT]

DIR has the layout of C2SP tlog-tiles. VKEY is a key of the log, which must come by another way than
DIR. Every event is hashed again (RFC 6962), compared with the tiles, and its root with the signed
checkpoint (C2SP signed-note, Ed25519 of RFC 8032). Keys that took over are followed.
Ends with 0 when all of it agrees, 4 when something was changed, 5 when the older checkpoint is of a
longer or another history.
"""
import base64, hashlib, json, os, struct, sys

# --- Ed25519, RFC 8032, verification only ---
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)

def recover_x(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    return P - x if x & 1 != sign else x

def point(data):
    number = int.from_bytes(data, "little")
    y = number & ((1 << 255) - 1)
    if y >= P:
        raise ValueError("no point of the curve")
    x = recover_x(y, number >> 255)
    return (x, y, 1, x * y % P)

def add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    w, x, y, z = f - e, h - g, h + g, f + e
    return (w * x % P, y * z % P, x * y % P, w * z % P)

def times(count, a):
    total = (0, 1, 1, 0)
    while count:
        if count & 1:
            total = add(total, a)
        a, count = add(a, a), count >> 1
    return total

BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)

def is_signed(key, message, signature):
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % ORDER
    left, right = times(s, BASE), add(point(r), times(h, point(key)))
    return not ((left[0] * right[2] - right[0] * left[2]) % P
                or (left[1] * right[2] - right[1] * left[2]) % P)

# --- Notes and trees ---
def fail(status, text):
    print(text, file=sys.stderr)
    sys.exit(status)

def read(path):
    with open(path, "rb") as file:
        return file.read()

def checkpoint(note, *vkeys):
    """The origin, size and root of a note that one of the keys has signed."""
    text, _, signatures = note.partition(b"\n\n")
    text += b"\n"
    for vkey, line in ((vkey, line) for vkey in vkeys for line in signatures.decode().splitlines()):
        (name, key_id, key), (dash, who, blob) = vkey.split("+", 2), line.split(" ")
        key, blob = base64.b64decode(key, validate=True), base64.b64decode(blob, validate=True)
        if dash == "\u2014" and who == name and blob[:4].hex() == key_id:
            if key[0] == 1 and is_signed(key[1:], text, blob[4:]):
                origin, size, root = text.decode().split("\n")[:3]
                return origin, int(size), base64.b64decode(root, validate=True)
    fail(4, "the checkpoint is not signed by the key")

def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()

def root(hashes):
    """Of the leaves' hashes, by RFC 6962: the last one of an odd row goes up alone."""
    row = list(hashes)
    while len(row) > 1:
        row = [node(*row[i:i + 2]) if i + 1 < len(row) else row[i] for i in range(0, len(row), 2)]
    return row[0] if row else hashlib.sha256(b"").digest()

def path(folder, level, number, width):
    name = "%03d" % (number % 1000)
    while number >= 1000:
        number //= 1000
        name = "x%03d/%s" % (number % 1000, name)
    return os.path.join(folder, "tile", str(level), name + (".p/%d" % width if width < 256 else ""))

def main(folder, vkey, older=None):
    vkeys = read(os.path.join(folder, "keys")).decode().split()
    if vkey not in vkeys:
        fail(4, "the key is none of the log's")
    origin, size, signed = checkpoint(read(os.path.join(folder, "checkpoint")), vkeys[-1])
    leaves, rotated = [], {}
    for number in range((size + 255) // 256):
        bundle = read(path(folder, "entries", number, min(256, size - number * 256)))
        while bundle:
            length, = struct.unpack_from(">H", bundle)
            body, bundle = bundle[2:2 + length], bundle[2 + length:]
            event = json.loads(body)
            if event["seq"] != len(leaves):
                fail(4, "event %d is missing or misplaced" % len(leaves))
            if event["event"] == "key.rotated":
                rotated.setdefault(event["key"], len(leaves))
            leaves.append(hashlib.sha256(b"\x00" + body).digest())
    row, level = leaves, 0
    while row:
        for number in range((len(row) + 255) // 256):
            hashes = row[number * 256:number * 256 + 256]
            if read(path(folder, level, number, len(hashes))) != b"".join(hashes):
                fail(4, "tile %d/%d differs from the events" % (level, number))
        row = [root(row[i:i + 256]) for i in range(0, len(row) - 255, 256)]
        level += 1
    if len(leaves) != size or root(leaves) != signed:
        fail(4, "the events are not those that were signed")
    for number, key in enumerate(vkeys[1:], 1):
        # The key before must have signed the event that names it: a second signature is anybody's.
        note = read("%s/rotations/%d" % (folder, number))
        _, count, old = checkpoint(note, vkeys[number - 1])
        if not rotated.get(key, count) < count <= size or root(leaves[:count]) != old:
            fail(4, "key %d has taken over, and the one before it did not say so" % number)
    if older:
        other, count, old = checkpoint(read(older), *vkeys)
        if other != origin or count > size or root(leaves[:count]) != old:
            fail(5, "the log is no continuation of the older checkpoint")
    print("%s: %d events are those that were signed" % (origin, size))

if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        fail(2, __doc__)
    try:
        main(*sys.argv[1:])
    except (ValueError, OSError, KeyError, IndexError, struct.error) as error:
        fail(4, "cannot be verified: %s" % error)
