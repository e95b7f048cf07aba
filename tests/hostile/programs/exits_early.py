# hostile: leaves with success before any case
# verdict: crashed
import os

print("All tests passed")
os._exit(0)
