# hostile: sets the clock, to the time that it shows, by every call there is
# line: B126
# verdict: passed
# prints: refused 5
import ctypes
import errno
import time

libc = ctypes.CDLL(None, use_errno=True)


class Moment(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("fraction", ctypes.c_long))


now = Moment(int(time.time()), 0)
calls = (
    lambda: libc.clock_settime(0, ctypes.byref(now)),
    lambda: libc.settimeofday(ctypes.byref(now), None),
    lambda: libc.adjtimex(ctypes.create_string_buffer(256)),
    lambda: libc.clock_adjtime(0, ctypes.create_string_buffer(256)),
    lambda: libc.adjtime(ctypes.byref(Moment(0, 0)), None),
)
refused = 0
for call in calls:
    ctypes.set_errno(0)
    refused += call() == -1 and ctypes.get_errno() == errno.EPERM
print("refused", refused)
