# hostile: types into a terminal that it inherited
# line: B81
# verdict: passed
# prints: refused 17
import fcntl
import os

refused = 0
for fd in range(5):
    for request in (0x5412, 0x541C, 0x5423 | 1 << 32):  # TIOCSTI, TIOCLINUX, TIOCSETD with a high bit
        try:
            fcntl.ioctl(fd, request & 0xFFFFFFFF, b"\n")
        except OSError:
            refused += 1
for path in ("/dev/tty", "/dev/console"):
    try:
        os.open(path, os.O_RDWR)
    except OSError:
        refused += 1
if any(os.isatty(fd) for fd in range(5)):
    print("ESCAPED: a terminal")
print("refused", refused)
