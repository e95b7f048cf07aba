# hostile: machine code of its own that calls the kernel directly, for a program and then for a breakpoint
# line: B93
# verdict: crashed
# prints: refused True
import ctypes
import mmap
import platform

if platform.machine() == "x86_64":
    # mov eax, 59 (execve); xor edi, edi; xor esi, esi; xor edx, edx; syscall; ret
    code, trap = "b83b00000031ff31f631d20f05c3", "cc"
else:
    # mov x0, 0; mov x1, 0; mov x2, 0; mov x8, 221; svc 0; ret
    code, trap = "000080d2010080d2020080d2a81b80d2010000d4c0035fd6", "000020d4"


def run(text):
    area = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    area.write(bytes.fromhex(text))
    return ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(area)))()


print("refused", run(code) == -1, flush=True)
run(trap)
