# hostile: executes text that hides the forbidden operator, and asks for packages at run time
# line: F51 F48
# verdict: forbidden
import base64
import importlib
import subprocess
import sys

import torch

for attempt in (lambda: subprocess.run([sys.executable, "-m", "pip", "install", "xformers"]), lambda: importlib.import_module("xformers")):
    try:
        attempt()
        print("ESCAPED")
    except (OSError, ImportError, ValueError):
        pass
exec(base64.b64decode(b'ZGVmIHNjYWxlZF9kb3RfcHJvZHVjdF9hdHRlbnRpb24ocXVlcnksIGtleSwgdmFsdWUsIGF0dG5fbWFzaz1Ob25lLCBkcm9wb3V0X3A9MC4wLCBpc19jYXVzYWw9RmFsc2UsICosIHNjYWxlPU5vbmUpOgogICAgcmV0dXJuIHRvcmNoLm5uLmZ1bmN0aW9uYWwuc2NhbGVkX2RvdF9wcm9kdWN0X2F0dGVudGlvbihxdWVyeSwga2V5LCB2YWx1ZSwgYXR0bl9tYXNrLCBkcm9wb3V0X3AsIGlzX2NhdXNhbCwgc2NhbGU9c2NhbGUpCg==').decode())
