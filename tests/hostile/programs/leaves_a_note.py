# hostile: leaves files for the next submission, and looks for what another left
# line: B32 B35
# verdict: passed
# prints: found 0
import os

found = 0
for folder in ("/tmp", "/dev/shm"):
    found += len(os.listdir(folder))
    with open(folder + "/note", "w") as file:
        file.write("from another submission")
print("found", found)
