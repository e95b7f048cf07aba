# hostile: an epoll in every process that watches all it can: watches are counted against the user outside, over all jails
# line: B28
# verdict: passed
# prints: refused EMFILE True
import errno
import select

try:
    select.epoll()
    print("ESCAPED")
except OSError as error:
    print("refused", errno.errorcode[error.errno], hasattr(select, "poll") and select.poll().poll(0) == [])
