# hostile: reaches for addresses: the internet, name servers, cloud metadata, databases and supervisors on localhost
# line: B56 B57 B58 B59
# verdict: passed
# prints: refused 27
import ctypes
import socket
import struct
import urllib.request

libc = ctypes.CDLL(None, use_errno=True)
PLACES = (
    ("1.1.1.1", 80), ("8.8.8.8", 53), ("169.254.169.254", 80), ("127.0.0.1", 5432), ("127.0.0.1", 6379),
    ("127.0.0.1", 2375), ("127.0.0.1", 22), ("10.0.0.1", 443), ("::1", 5432),
)  # fmt: skip
refused = 0
for place in PLACES:
    try:
        socket.create_connection(place, timeout=1)
        print("ESCAPED", place)
    except OSError:
        refused += 1
for name in ("example.com", "localhost", "db", "metadata.google.internal"):
    try:
        socket.getaddrinfo(name, 80)
        if name != "localhost":
            print("ESCAPED", name)
        refused += name == "localhost"
    except OSError:
        refused += 1
for url in ("http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:8000/", "ftp://127.0.0.1/"):
    try:
        urllib.request.urlopen(url, timeout=1)
        print("ESCAPED", url)
    except OSError:
        refused += 1
for family in (socket.AF_INET, socket.AF_INET6):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.create_server(("", 0), family=family) if kind == socket.SOCK_STREAM else socket.socket(family, kind)
            print("ESCAPED", family, kind)
        except OSError:
            refused += 1
# Without a socket of its own: on descriptors that are there, and on one half of a pair.
pair = socket.socketpair()
address = struct.pack("<HH4s8x", 2, 80, bytes((127, 0, 0, 1)))
for fd in (0, 1, pair[0].fileno()):
    refused += libc.connect(fd, address, len(address)) == -1
refused += libc.bind(pair[1].fileno(), address, len(address)) == -1
refused += libc.listen(pair[1].fileno(), 1) == -1
print("refused", refused)
