# hostile: descriptors on their way through sockets: held by no process, past the limit, counted with those of the zygote's user
# line: B17 B18
# verdict: passed
# prints: refused True
import array
import os
import socket

sent, refused, pairs = 0, False, []
packed = array.array("i", [os.open("/dev/null", os.O_RDONLY)] * 200).tobytes()
try:
    for _ in range(100):
        one, other = socket.socketpair()
        pairs += [one, other]
        one.setblocking(False)
        for _ in range(50):
            one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, packed)])
            sent += 200
    print("ESCAPED")
except OSError:
    refused = sent < 2_000
print("refused", refused, sent)
