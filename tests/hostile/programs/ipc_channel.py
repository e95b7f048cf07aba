# hostile: leaves word for another submission in System V and POSIX queues, and looks for what one left
# line: B80 B113 B120
# verdict: passed
# prints: found 0
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
KEY = 0x7041
found = 0
found += libc.shmget(KEY, 4096, 0) != -1
found += libc.semget(KEY, 1, 0) != -1
found += libc.msgget(KEY, 0) != -1
found += libc.mq_open(b"/torchkata", 0) != -1
for slot in range(4):

    room = ctypes.create_string_buffer(512)
    found += libc.shmctl(slot, 13, room) != -1
    found += libc.msgctl(slot, 11, room) != -1
    found += libc.semctl(slot, 0, 18, room) != -1
found += len(os.listdir("/dev/shm"))
libc.shmget(KEY, 4096, 0o1666)
libc.semget(KEY, 1, 0o1666)
libc.msgget(KEY, 0o1666)
libc.mq_open(b"/torchkata", 0o102, 0o666, None)
libc.sem_open(b"/torchkata", 0o100, 0o666, 1)
print("found", found)
