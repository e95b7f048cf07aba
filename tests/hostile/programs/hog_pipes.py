# hostile: pipes widened as far as they go, all full
# line: B18
# verdict: passed
# prints: pipes stay below 512 MiB True
import fcntl
import os

held, hoard = 0, []
try:
    for _ in range(1_000):
        reader, writer = os.pipe()
        hoard += [reader, writer]
        os.set_blocking(writer, False)
        try:
            fcntl.fcntl(writer, 1031, 1 << 26)  # F_SETPIPE_SZ
        except OSError:
            try:
                fcntl.fcntl(writer, 1031, 1 << 20)
            except OSError:
                pass
        try:
            for _ in range(1024):
                held += os.write(writer, b"x" * 65536)
        except BlockingIOError:
            pass
    print("ESCAPED")
except OSError:
    pass
for fd in hoard:
    os.close(fd)
print("pipes stay below 512 MiB", held < 512 << 20)
