# hostile: a frame that says that the jail is ready again, in place of a result
# line: B100
# verdict: crashed
import graders.child as child

pack = child.wire.pack
child.wire.pack = lambda kind, header, payload=(): pack(1 if kind == 22 else kind, header, payload)
