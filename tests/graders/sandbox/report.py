"""Starts a sandbox at the level asked for, tries it, and prints what came of it as one line of JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from graders.sandbox import Isolation, IsolationRefused, Limits, Sandbox, SandboxFault, probe
from tests.graders.sandbox.snippets import run

SNIPPETS = {
    "sum": "print(sum(range(5)))",
    "passwd": "print(open('/etc/passwd').read()[:4])",
    "process": "import os\nprint('forked') if os.fork() else os._exit(0)",
    "socket": "import socket\nsocket.socket()",
    "write": "open('/var/tmp/torchkata-escape', 'w')",
    "signal": "import os, signal\nos.kill(os.getppid(), 0)\nprint('signalled')",
    "owner": "import fcntl, os\nfcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, os.getppid())\nprint('owned')",
    "timer": "import ctypes\nif ctypes.CDLL(None).timer_create(1, None, bytes(8)) == 0: print('made')",
    "hog": "import torch\nkept = [torch.ones(1 << 22) for _ in range(64)]\nprint('kept')",
    "memfd": "import os\nfd = os.memfd_create('x')\nprint('made')",
}


def tell(level: str) -> dict[str, Any]:
    """What is in force, and what each snippet could do."""
    if level == "probe":
        parts = probe.run()
        return {"level": str(probe.level(parts)), "parts": [asdict(part) for part in parts]}
    try:
        with Sandbox.start(Isolation(level), limits=Limits(memory=256 << 20)) as sandbox:
            state = sandbox.wait_ready()
            lane = sandbox.lane()
            done = {}
            for name, code in SNIPPETS.items():
                ran = run(lane, code)
                error = ((ran.answer or {}).get("error") or {}).get("type")
                done[name] = [ran.out.strip(), error, ran.ending.out_of_memory]
            return {"level": str(state.level), "parts": [asdict(part) for part in state.parts], "done": done}
    except SandboxFault as fault:
        refused = isinstance(fault, IsolationRefused)
        return {"refused": refused, "part": fault.part, "cause": fault.cause, "cure": fault.cure}


if __name__ == "__main__":
    print(json.dumps(tell(sys.argv[1])))
