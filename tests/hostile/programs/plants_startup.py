# hostile: plants files that a later Python would run while it starts, and looks for those of an earlier run
# line: B34 F27
# verdict: passed
# prints: found 0 written 0
import os
import sys

NAMES = ("sitecustomize.py", "usercustomize.py", "planted.pth", "conftest.py", "startup.py", "solution.py", "pyvenv.cfg")
found = written = 0
places = {os.path.dirname(os.__file__), os.path.dirname(sys.executable or "/x/x"), "/", "/packages", "/torchkata", "/torchkata/graders"}
for base in [*sys.path, sys.prefix, sys.base_prefix, *places]:
    for folder in (base, f"{base}/site-packages", f"{base}/dist-packages", f"{base}/__pycache__"):
        for name in NAMES:
            try:
                with open(f"{folder}/{name}", "x") as file:
                    file.write("print('ESCAPED')\n")
                written += folder not in ("/tmp", "/dev/shm")
            except OSError:
                pass
for folder in ("/tmp", "/dev/shm"):  # these take files, and lose them
    for name in NAMES:
        found += os.path.exists(f"{folder}/{name}")
        with open(f"{folder}/{name}", "w") as file:
            file.write("print('ESCAPED')\n")
os.environ["PYTHONSTARTUP"] = os.environ["PYTHONPATH"] = "/tmp"
print("found", found, "written", written)
