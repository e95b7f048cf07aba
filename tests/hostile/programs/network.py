# hostile: reaches for the network by every family
# line: B61
# verdict: passed
# prints: refused 7
import socket

refused = 0
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK, socket.AF_PACKET, socket.AF_VSOCK, socket.AF_ALG):
    try:
        socket.socket(family, socket.SOCK_DGRAM)
    except OSError:
        refused += 1
print("refused", refused)
