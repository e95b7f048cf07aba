# hostile: knocks at the doors of the kernel that have opened most often
# line: B77 B83
# verdict: passed
# prints: refused 20
import ctypes
import errno
import platform

libc = ctypes.CDLL(None, use_errno=True)
X86 = {
    "bpf": 321,
    "perf_event_open": 298,
    "userfaultfd": 323,
    "add_key": 248,
    "request_key": 249,
    "keyctl": 250,
    "kexec_load": 246,
    "init_module": 175,
    "finit_module": 313,
    "delete_module": 176,
    "syslog": 103,
    "quotactl": 179,
    "swapoff": 168,
    "acct": 163,
    "vmsplice": 278,
    "modify_ldt": 154,
    "personality": 135,
    "iopl": 172,
    "io_uring_setup": 425,
    "memfd_secret": 447,
}
ARM = {
    "bpf": 280,
    "perf_event_open": 241,
    "userfaultfd": 282,
    "add_key": 217,
    "request_key": 218,
    "keyctl": 219,
    "kexec_load": 104,
    "init_module": 105,
    "finit_module": 273,
    "delete_module": 106,
    "syslog": 116,
    "quotactl": 60,
    "swapoff": 225,
    "acct": 89,
    "vmsplice": 75,
    "personality": 92,
    "fanotify_init": 262,
    "open_by_handle_at": 265,
    "io_uring_setup": 425,
    "memfd_secret": 447,
}
refused = 0
for name, number in {"x86_64": X86, "aarch64": ARM}[platform.machine()].items():
    ctypes.set_errno(0)
    result = libc.syscall(number, ctypes.c_long(0), None, ctypes.c_long(0), ctypes.c_long(0), ctypes.c_long(0))
    if result == -1 and ctypes.get_errno() == errno.EPERM:
        refused += 1
    else:
        print("not refused:", name, result, ctypes.get_errno())
print("refused", refused)
