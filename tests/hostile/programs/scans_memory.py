# hostile: scans the memory that it has from the process it was forked from, freed memory too
# line: B111 B112
# verdict: passed
# prints: found 0 scanned True
import ctypes
import os
import re

import torch

libc = ctypes.CDLL(None, use_errno=True)
PAGE = 4096
# As expressions with a class of one letter: written out, the scan would find its own words.
WORDS = re.compile(rb"HOM[E]=/|SSH_AUTH_SOC[K]=|/mistake[s]/|cases[.]p[y]|TORCHKATA_ISOLATIO[N]=|graders/progra[m]")
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
    while mapped(end) and end - start < 12 << 20:
        end += PAGE
    data = ctypes.string_at(start, end - start)
    scanned += len(data)
    for match in WORDS.finditer(data):
        found += 1
        print("found", data[max(0, match.start() - 40) : match.end() + 60])


environ = ctypes.c_void_p.in_dll(libc, "environ").value
scan(environ, 64)
scan(id(torch), 2048)
scan(id(object()), 2048)
scan(torch.zeros(64).data_ptr(), 2048)
print("found", found, "scanned", scanned > 1 << 20)
