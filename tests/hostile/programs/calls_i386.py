# hostile: calls the kernel by the numbers of i386, which the filter of x86-64 would read as other calls
# line: B78
# verdict: crashed
# prints: calling
import ctypes
import mmap
import platform

print("calling", flush=True)
if platform.machine() != "x86_64":
    ctypes.string_at(0)
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("b814000000cd80c3"))  # mov eax, 20 (getpid); int 0x80; ret
address = ctypes.addressof(ctypes.c_char.from_buffer(code))
print("ESCAPED: pid", ctypes.CFUNCTYPE(ctypes.c_int)(address)())
