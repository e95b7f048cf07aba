"""The sandbox: `Sandbox.start`, then a `Lane`, then a `Jail` a submission. Importing it loads no torch."""

from graders.sandbox.host import Lane, Sandbox
from graders.sandbox.jail import Jail
from graders.sandbox.levels import Ending, Isolation, IsolationRefused, IsolationState, Limits, Part, SandboxFault

__all__ = [
    "Ending",
    "Isolation",
    "IsolationRefused",
    "IsolationState",
    "Jail",
    "Lane",
    "Limits",
    "Part",
    "Sandbox",
    "SandboxFault",
]
