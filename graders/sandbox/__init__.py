"""The sandbox: `Sandbox.start` (or a `Keeper` of many), then a `Lane`, then a `Jail` a submission. It loads no torch."""

from graders.sandbox.host import Sandbox
from graders.sandbox.jail import Jail
from graders.sandbox.keeper import Keeper, Rules
from graders.sandbox.lane import Lane
from graders.sandbox.levels import Ending, Isolation, IsolationRefused, IsolationState, Limits, Part, SandboxFault
from graders.sandbox.seat import Seat, SteadyLane

__all__ = [
    "Ending",
    "Isolation",
    "IsolationRefused",
    "IsolationState",
    "Jail",
    "Keeper",
    "Lane",
    "Limits",
    "Part",
    "Rules",
    "Sandbox",
    "SandboxFault",
    "Seat",
    "SteadyLane",
]
