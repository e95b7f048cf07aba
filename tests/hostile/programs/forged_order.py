# hostile: the answers to two cases in the wrong order, each with the number of the other
# line: B104
# verdict: crashed
import graders.child as child

pack = child.wire.pack


def forge(kind, header, payload=()):
    return pack(kind, {**header, "case": header["case"] ^ 1} if "case" in header else header, payload)


child.wire.pack = forge
