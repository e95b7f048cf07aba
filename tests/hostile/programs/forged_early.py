# hostile: guesses the answers to all cases and writes them before the cases come
# line: B71 F18
# verdict: crashed
import json
import os
import struct

for case in range(40):
    header = json.dumps({"case": case, "results": [None], "tensors": []}).encode()
    os.write(4, struct.pack("<4sB3sII", b"TKW1", 22, b"\0\0\0", len(header), 0) + header)
