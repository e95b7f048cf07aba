# hostile: looks for a key, a token or a nonce that results are signed with
# line: F23
# verdict: passed
# prints: found []
import gc
import os
import sys

words = ("secret", "token", "nonce", "hmac", "signature_key", "private_key", "password")
found = [name for name in os.environ if any(word in name.lower() for word in words)]
for name, module in list(sys.modules.items()):
    if name.startswith("graders") or name == "__main__":
        found += [f"{name}.{key}" for key in vars(module) if any(word in key.lower() for word in words)]
for thing in gc.get_objects():
    if type(thing) is dict and "verdict" in thing and "expected" in thing:
        found.append("a report")
print("found", found)
