# hostile: learns where its libraries lie, which is the same in every jail of a zygote, and jumps there in the next
# line: B115
# verdict: crashed
# prints: learnt
import ctypes
import os

libc = ctypes.CDLL(None)
address = ctypes.cast(libc.system, ctypes.c_void_p).value
print("learnt", hex(address), flush=True)
# All that the address is good for: calling in its own process what it could call anyway.
if ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p)(address)(b"true") == 0:
    print("ESCAPED: a program ran")
ctypes.CFUNCTYPE(ctypes.c_int)(address ^ 0x5A5A5A5A5A)()
os._exit(0)
