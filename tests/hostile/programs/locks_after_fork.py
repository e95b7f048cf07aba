# hostile: every lock that a library could have held while the process was forked
# line: B117
# verdict: passed
# prints: all free
import gzip
import locale
import logging
import random
import tempfile
import threading
import time

import torch

logging.getLogger("x").warning("x")
random.random()
time.strftime("%c", time.localtime())
locale.setlocale(locale.LC_ALL, "C")
tempfile.TemporaryFile().close()
gzip.compress(b"x" * 100)
threads = [threading.Thread(target=lambda: torch.ones(64, 64) @ torch.ones(64, 64)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
x = torch.ones(8, 8, requires_grad=True)
(x @ x).sum().backward()
print("all free")
