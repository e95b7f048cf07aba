# hostile: leaves with success before any case
# line: B72 F19
# verdict: crashed
import os

print("All tests passed")
os._exit(0)
