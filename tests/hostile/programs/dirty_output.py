# hostile: prints NUL, bytes that are no UTF-8, half of a surrogate pair, and commands to the terminal
# line: B25
# verdict: passed
# prints: end of it
import os

os.write(1, b"\0\0\xff\xfe\xc0\x80\xed\xa0\x80\x1b[2J\x1b]0;owned\x07\x1b]8;;http://x\x07\r\b\x7f\x9b31m")
os.write(2, bytes(range(256)) * 16)
print("\ud800\u202e\u2066")
print("end of it")
