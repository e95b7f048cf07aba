# hostile: fills /tmp and /dev/shm, in bytes and in files
# line: B8 B9
# verdict: passed
# prints: refused 4
import errno

refused = 0
for folder in ("/tmp", "/dev/shm"):
    try:
        with open(folder + "/big", "wb") as file:
            for _ in range(1024):  # 1 GiB
                file.write(b"x" * (1 << 20))
            print("ESCAPED")
    except OSError as error:
        refused += error.errno in (errno.ENOSPC, errno.EFBIG)
    try:
        for number in range(100_000):
            open(f"{folder}/{number}", "wb").close()
        print("ESCAPED")
    except OSError as error:
        refused += error.errno in (errno.ENOSPC, errno.EDQUOT)
print("refused", refused)
