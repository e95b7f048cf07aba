# hostile: wants to know which machine this is: names, addresses, users, environment
# line: B55
# verdict: passed
# prints: host jail jail network 0 user None environment 0
import os
import pwd
import socket

try:
    user = pwd.getpwuid(os.getuid()).pw_name
except KeyError:
    user = None
KNOWN = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LC_CTYPE"}
environment = [name for name in os.environ if name not in KNOWN and not name.startswith(("TORCH", "KMP", "PYTORCH"))]
network = 0
for name in ("localhost", socket.gethostname(), "metadata.google.internal"):
    try:
        socket.getaddrinfo(name, 80)
        network += 1
    except OSError:
        pass
try:
    network += len([name for _, name in socket.if_nameindex() if name != "lo"])
except OSError:
    pass
print("host", socket.gethostname(), os.uname().nodename, "network", network, "user", user, "environment", len(environment))
print(environment)
