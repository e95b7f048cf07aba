# hostile: replaces functions, globals and code of what calls it
# line: F12 F38
# verdict: failed crashed error
import graders.child as child
import graders.wire as wire


def perform(entry, header, payload, file):
    answer = {"case": header["case"], "results": [None for _ in header["steps"]], "status": "passed", "tensors": []}
    return wire.pack(wire.DONE, answer)


child.perform.__code__ = perform.__code__
child.Interpreter.run = lambda self, steps, watched=False: self.results.extend([None] * len(steps))
child.Outbox.encode = lambda self, value, depth=0: None
child.MAX_TEXT = -1
