# hostile: fills /tmp and /dev/shm, in bytes and in files
# verdict: passed
# prints: refused 4
import errno

refused = 0
for folder in ("/tmp", "/dev/shm"):
    try:
        with open(folder + "/big", "wb") as file:
            while True:
                file.write(b"x" * (1 << 20))
    except OSError as error:
        refused += error.errno in (errno.ENOSPC, errno.EFBIG)
    try:
        for number in range(1_000_000):
            open(f"{folder}/{number}", "wb").close()
    except OSError as error:
        refused += error.errno in (errno.ENOSPC, errno.EDQUOT)
print("refused", refused)
