# hostile: more of the processor than the others: nice, real time, io priority, other cores
# line: B27
# verdict: passed
# prints: refused 12
import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)
cores = set(range(os.cpu_count() or 1)) | {0, 1}
attributes = ctypes.create_string_buffer(bytes([56, 0, 0, 0, 6]) + bytes(19) + bytes([16, 39, 0, 0, 0, 0, 0, 0] * 3), 56)
attempts = (
    lambda: os.nice(-5),
    lambda: os.setpriority(os.PRIO_PROCESS, 0, -20),
    lambda: os.setpriority(os.PRIO_USER, 0, 19),
    lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(99)),
    lambda: os.sched_setparam(0, os.sched_param(1)),
    lambda: os.sched_setaffinity(0, cores),
    lambda: os.sched_setaffinity(0, {0}),
    lambda: check(libc.syscall(314, 0, attributes, 0)),  # sched_setattr, SCHED_DEADLINE
    lambda: check(libc.syscall(251, 1, 0, 1 << 13)),  # ioprio_set, real time
    lambda: check(libc.prctl(62, 1, 0, 0, 0)),  # PR_SCHED_CORE: would keep the sibling of a core idle
    lambda: check(libc.syscall(251, 3, 0, 2 << 13)),
)


def check(result):
    if result == -1:
        raise OSError(ctypes.get_errno(), "refused")


refused = 0
for attempt in attempts:
    try:
        attempt()
        print("ESCAPED")
    except OSError as error:
        refused += error.errno == errno.EPERM
print("refused", refused)
