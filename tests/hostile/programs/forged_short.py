# hostile: a payload with fewer bytes than its shape says, and one with more
# line: B103
# verdict: crashed
import graders.child as child

pack = child.wire.pack
calls = 0


def forge(kind, header, payload=()):
    global calls
    calls += 1
    parts = [bytes(part) for part in payload]
    if header.get("tensors"):
        parts[-1] = parts[-1][:-1] if calls % 2 else parts[-1] + b"x"
    return pack(kind, header, parts)


child.wire.pack = forge
