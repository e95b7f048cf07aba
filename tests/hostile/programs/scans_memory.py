# hostile: scans the memory that it has from the process it was forked from, freed memory too
# line: B111 B112 F16
# verdict: passed
# prints: found 0 scanned True
import ctypes
import os

import torch

libc = ctypes.CDLL(None, use_errno=True)
PAGE = 4096
# Written backwards, or the scan would find its own words. With a value each: the names alone stand in everybody's code.
WORDS = (rb"/emoh/=EMOH", rb"/toor/=EMOH", rb"=TEKCOS_HTUA_HSS", rb"/sekatsim/", rb"yp.sesac", rb"=NOITALOSI_ATAKHCROT", rb"yp.margorp")
WORDS = [word[::-1] for word in WORDS]
reader, writer = os.pipe()
found = scanned = 0


def mapped(address):
    """Whether a page can be read: the kernel says so without a crash."""
    if libc.write(writer, ctypes.c_void_p(address), ctypes.c_size_t(1)) != 1:
        return False
    os.read(reader, 1)
    return True


def scan(anchor, pages):
    """Looks through what is mapped around an address."""
    global found, scanned
    start = anchor // PAGE * PAGE
    while pages and mapped(start - PAGE):
        start -= PAGE
        pages -= 1
    end = start
    while mapped(end) and end - start < 48 << 20:
        end += PAGE
    data = ctypes.string_at(start, end - start)
    scanned += len(data)
    for word in WORDS:
        at = data.find(word)
        while at >= 0:
            found += 1
            print("found", data[max(0, at - 40) : at + 60])
            at = data.find(word, at + 1)


environ = ctypes.c_void_p.in_dll(libc, "environ").value
scan(environ, 64)
scan(id(torch), 4096)
scan(id(object()), 4096)
scan(torch.zeros(64).data_ptr(), 4096)
print("found", found, "scanned", scanned > 1 << 20)
