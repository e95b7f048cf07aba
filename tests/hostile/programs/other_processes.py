# hostile: looks for processes that are not its own, by every call that takes a number
# line: B53
# verdict: passed
# prints: others 0 parent 0
import os
import resource

others = 0
own = os.getpid()
for pid in range(1, 40_000):
    if pid == own:
        continue
    try:
        os.kill(pid, 0)
        others += 1
    except OSError:
        pass
for pid in range(1, 2_000):
    if pid == own:
        continue
    for call in (
        os.getpgid,
        os.getsid,
        os.sched_getaffinity,
        os.sched_getscheduler,
        os.pidfd_open,
        lambda pid: resource.prlimit(pid, resource.RLIMIT_NOFILE),
        lambda pid: os.getpriority(os.PRIO_PROCESS, pid),
    ):
        try:
            call(pid)
            others += 1
        except OSError:
            pass
print("others", others, "parent", os.getppid())
