# hostile: headers nested so deeply that they can just be read, and not be shown any more
# line: B95 B100
# verdict: crashed error failed
import graders.child as child

pack = child.wire.pack
calls = 0


def nested(depth):
    value = "x"
    for _ in range(depth):
        value = [value]
    return value


def forge(kind, header, payload=()):
    global calls
    calls += 1
    deep = nested(40 * calls)
    if kind != 22:
        return pack(kind, header, payload)
    error = {"type": deep, "message": deep, "frames": [[1, deep, deep]] * 12, "step": deep}
    return pack(kind, {"case": header["case"], "results": [], "error": error})


child.wire.pack = forge
