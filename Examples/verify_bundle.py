#!/usr/bin/env python3
"""Verifies the events of a file that `baton bundle` made, with Python and nothing else.

    verify_bundle.py BUNDLE VKEY

VKEY is the log's key, which must come by another way than BUNDLE. docs/bundle.md describes the
file; the proofs are of RFC 6962 trees, the checkpoints C2SP signed notes. Prints how many events
are those that were signed, and how many no checkpoint covers. Ends with 0 when at least one was
signed and all agree, 4 when something was changed, 6 when nothing was signed.
"""
import base64, hashlib, json, os, sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from verify import checkpoint, fail, node

def leaf(body):
    return hashlib.sha256(b"\x00" + body).digest()

def decoded(text):
    return base64.b64decode(text, validate=True)

def root(leaves, first, size, path):
    """Of a tree of `size` leaves that has `leaves` from `first` on and `path` beside them."""
    beside = iter(path)

    def subtree(begin, end):
        if end <= first or begin >= first + len(leaves):
            return next(beside)
        if end - begin == 1:
            return leaves[begin - first]
        middle = begin + (1 << (end - begin - 1).bit_length() - 1)
        left = subtree(begin, middle)
        return node(left, subtree(middle, end))

    found = subtree(0, size)
    if next(beside, None) is not None:
        fail(4, "a proof has more hashes than its tree")
    return found

def takeover(part, old):
    """The key that an event names, which the key before has signed."""
    body = decoded(part["event"])
    lines, _, note = decoded(part["path"]).decode().partition("\n\n")
    head, index, *path = lines.split("\n")
    _, size, signed = checkpoint(note.encode(), old)
    index = int(index.removeprefix("index "))
    # An inclusion proof goes from the leaf upwards: its hashes are put in order, left to right.
    spans, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + (1 << (end - begin - 1).bit_length() - 1)
        spans.append(index >= middle)
        begin, end = (middle, end) if index >= middle else (begin, middle)
    hashes = list(zip(reversed(path), spans, strict=True))
    ordered = [h for h, left in hashes if left] + [h for h, left in reversed(hashes) if not left]
    event = json.loads(body)
    if (head != "c2sp.org/tlog-proof@v1" or event["event"] != "key.rotated"
            or event["seq"] != index
            or root([leaf(body)], index, size, list(map(decoded, ordered))) != signed):
        fail(4, "a key did not take over from the one before")
    checkpoint(note.encode(), event["key"])
    return event["key"]

def main(file, vkey):
    with open(file, "rb") as lines:
        lines = lines.read().split(b"\n")[:-1]
    parts = [json.loads(line) for line in lines if line.startswith(b'{"bundle":')]
    bodies = [line for line in lines if not line.startswith(b'{"bundle":')]
    first, last = int(parts[0]["first"]), int(parts[0]["last"])
    if [json.loads(body)["seq"] for body in bodies] != list(range(first, last + 1)):
        fail(4, "an event is missing or misplaced")
    if len(parts) < 2 or parts[1]["bundle"] != "checkpoint":
        fail(6, "the bundle has no evidence")
    keys, path = [decoded(parts[1]["key"]).decode()], b""
    for part in parts[2:]:
        if part["bundle"] == "proof" and part["of"] == "key":
            keys.append(takeover(part, keys[-1]))
        elif part["bundle"] == "proof":
            path = decoded(part["path"])
    if vkey not in keys:
        fail(4, "the bundle is not signed by the key")
    origin, size, signed = checkpoint(decoded(parts[1]["note"]), keys[-1])
    covered = bodies[:max(0, size - first)]
    if not covered:
        fail(6, "no checkpoint covers an event of the bundle")
    path = [path[i:i + 32] for i in range(0, len(path), 32)]
    if root([leaf(body) for body in covered], first, size, path) != signed:
        fail(4, "the events are not those that were signed")
    print("%s: %d events are those that were signed, %d are covered by no checkpoint"
          % (origin, len(covered), len(bodies) - len(covered)))

if __name__ == "__main__":
    if len(sys.argv) != 3:
        fail(2, __doc__)
    try:
        main(*sys.argv[1:])
    except (ValueError, OSError, KeyError, IndexError, RuntimeError, StopIteration) as error:
        fail(4, "cannot be verified: %s" % error)
