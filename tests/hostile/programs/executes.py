# hostile: starts programs: a dropped file, one in memory, the interpreter, a set-uid one, through a shell or a shared library
# line: B44 B45 B46
# verdict: passed
# prints: refused 10
import ctypes
import os
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)
with open("/tmp/program", "wb") as file:
    file.write(b"#!/bin/sh\necho ESCAPED\n")
os.chmod("/tmp/program", 0o6755)
with open(os.path.realpath(next(p for p in ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/usr/lib/os-release") if os.path.exists(p))), "rb") as file:
    image = file.read()
with open("/tmp/image.so", "wb") as file:
    file.write(image)
os.chmod("/tmp/image.so", 0o755)
memory = os.memfd_create("program")
os.write(memory, image)
vector = (ctypes.c_char_p * 2)(b"x", None)
attempts = (
    lambda: os.execv("/tmp/program", ["x"]),
    lambda: os.execv("/tmp/image.so", ["x"]),
    lambda: os.execve(memory, ["x"], {}),
    lambda: os.execv(sys.executable or "/usr/bin/python3", ["python3", "-c", "print('ESCAPED')"]),
    lambda: os.execv("/bin/sh", ["sh", "-c", "echo ESCAPED"]),
    lambda: subprocess.run(["/lib64/ld-linux-x86-64.so.2", "--list", "/tmp/image.so"], check=True),
    lambda: os.posix_spawn("/tmp/program", ["x"], {}),
    lambda: os.system("echo ESCAPED") and (_ for _ in ()).throw(OSError),
    lambda: ctypes.CDLL("/tmp/image.so"),
    lambda: libc.syscall(322, memory, b"", vector, vector, 0x1000) and (_ for _ in ()).throw(OSError),  # execveat
)
refused = 0
for attempt in attempts:
    try:
        attempt()
        print("ESCAPED")
    except OSError:
        refused += 1
print("refused", refused)
