# hostile: reads, writes and lists /proc, /sys and the control groups, its own entries and those of others
# line: B50 B51 B52 B54
# verdict: passed
# prints: refused 45 of 45
import os

NAMES = """
    /proc/1/environ /proc/1/cmdline /proc/1/maps /proc/1/fd /proc/1/root /proc/1/mem /proc/self/environ /proc/self/cmdline
    /proc/self/maps /proc/self/fd /proc/self/root /proc/self/mem /proc/self/mountinfo /proc/self/cgroup /proc/self/status
    /proc/self/ns/user /proc/self/uid_map /proc/self/oom_score_adj /proc/self/task /proc/thread-self/mem /proc/net/tcp
    /proc/net/unix /proc/sysrq-trigger /proc/kcore /proc/kmsg /proc/kallsyms /proc/modules /proc/keys /proc/key-users
    /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sys/kernel/modprobe /proc/mounts /proc/version
    /proc/cpuinfo /proc/meminfo /dev/mem /dev/kmem /dev/kmsg /dev/port /sys/kernel /sys/fs/cgroup
    /sys/fs/cgroup/memory/release_agent /sys/fs/cgroup/cgroup.procs /sys/class/net
""".split()
refused = 0
for name in NAMES:
    opened = False
    for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_PATH | os.O_NOFOLLOW):
        try:
            os.close(os.open(name, flags))
            opened = True
            print("ESCAPED", name)
        except OSError:
            pass
    refused += not opened and not os.path.lexists(name)
print("refused", refused, "of", len(NAMES))
