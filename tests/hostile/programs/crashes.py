# hostile: crashes while it is loaded, which somebody could do ten thousand times
# line: B121
# verdict: crashed
import os
import signal

os.kill(os.getpid(), signal.SIGSEGV)
signal.raise_signal(signal.SIGABRT)
os.abort()
