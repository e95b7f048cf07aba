# hostile: looks for rights that it has or can get: uids, capabilities, set-uid files, files of others
# line: B46
# verdict: passed
# prints: refused 9 capabilities 0 privileged 0
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
refused = 0
for attempt in (
    lambda: os.setuid(0),
    lambda: os.setgid(0),
    lambda: os.setresuid(0, 0, 0),
    lambda: os.setgroups([0]),
    lambda: os.chown("/tmp", 0, 0),
    lambda: os.chmod("/packages", 0o777),
    lambda: os.unlink("/packages"),
    lambda: os.link("/packages/torch/__init__.py", "/tmp/linked"),
    lambda: os.utime("/packages/torch/__init__.py"),
):
    try:
        attempt()
        print("ESCAPED")
    except OSError:
        refused += 1
header = ctypes.create_string_buffer((0x20080522).to_bytes(4, "little") + bytes(4), 8)
data = ctypes.create_string_buffer(24)
libc.capget(header, data)
capabilities = sum(data.raw) + sum(libc.prctl(23, number, 0, 0, 0) == 1 for number in range(41))
privileged = 0
for name in ("/usr/bin", "/bin", "/sbin", "/usr/sbin", "/usr/local/bin"):
    privileged += os.path.exists(name + "/su")
with open("/tmp/own", "w"):
    os.chmod("/tmp/own", 0o6777)
print("refused", refused, "capabilities", capabilities, "privileged", privileged)
