# hostile: more results than there were steps, and tensors that belong to none
# line: B104
# verdict: crashed
import graders.child as child

pack = child.wire.pack


def forge(kind, header, payload=()):
    if "results" in header:
        header = {**header, "results": header["results"] * 2}
    return pack(kind, header, payload)


child.wire.pack = forge
