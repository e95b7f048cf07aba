# hostile: fills the buffers of a thousand socket pairs, memory that belongs to no process
# line: B18
# verdict: memory
import os
import socket
import time

BLOCK = b"x" * 65536


def fill():
    """220 MiB in one process, where the machine lets a socket buffer be that large."""
    pairs = []
    for _ in range(110):
        pair = socket.socketpair()
        pairs.append(pair)
        for end in pair:
            end.setblocking(False)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            try:
                for _ in range(16):
                    end.send(BLOCK)
            except BlockingIOError:
                pass
    return pairs


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    for _ in range(8):  # 1.7 GiB in all, were there no limit
        reader, writer = os.pipe()
        if os.fork() == 0:
            kept = fill()
            os.write(writer, b"x")
            time.sleep(30)
            os._exit(len(kept) == 0)
        os.read(reader, 1)
        os.close(reader)
        os.close(writer)
    print("ESCAPED")
    time.sleep(30)
    return query
