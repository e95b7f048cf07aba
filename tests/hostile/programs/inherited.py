# hostile: looks for descriptors and a working folder that it was not given, and climbs from them
# line: B47
# verdict: passed
# prints: open [0, 1, 2, 3, 4] folders 0 outside []
import os
import stat

found = []
for fd in range(4096):
    try:
        found.append((fd, os.fstat(fd).st_mode))
    except OSError:
        pass
folders = sum(stat.S_ISDIR(mode) for _, mode in found)
for fd, _ in found:
    try:
        os.stat("..", dir_fd=fd)
        print("ESCAPED")
    except OSError:
        pass
os.chdir("../../../../../../../..")
outside = []
for folder in (".", "/", "/proc", "/sys", "/root", "/home", "/var", "/old", "/new", "/torchkata"):
    try:
        outside += os.listdir(folder)
    except OSError:
        pass
print("open", [fd for fd, _ in found], "folders", folders, "outside", outside)
os.chdir("/tmp")
