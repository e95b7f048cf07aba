# hostile: stops its process group, which its pid namespace does not bound; whoever made the jail could be in it
# line: B64 B65
# verdict: passed
# prints: leader True alone
import os
import signal

# A jail leads a session of its own, so that nobody else can be in its group.
print("leader", os.getsid(0) == os.getpgid(0) == os.getpid(), "alone")
if os.getpgid(0) == 0:
    print("ESCAPED: the group belongs to somebody outside")
os.kill(0, signal.SIGCONT)
os.kill(0, signal.SIGSTOP)
