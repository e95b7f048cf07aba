"""Zygotes are swapped in the background, and no lane waits for it. Everything here is a real process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graders.sandbox import Isolation, Keeper, Limits, Rules, SandboxFault, Seat, SteadyLane
from tests.graders.sandbox.snippets import run

RULES = Rules(runs=1000, growth=1 << 40, pause=0.0, leave=60.0)


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    """A keeper that swaps for a suspicion at once, and for nothing else."""
    with Keeper.start(Isolation.FULL, limits=Limits(memory=128 << 20), rules=RULES) as started:
        started.wait_ready()
        yield started


@pytest.fixture
def seat(keeper: Keeper) -> Iterator[Seat]:
    """A place at it, in the same process."""
    with keeper.seat() as made:
        yield made


def tend_until(keeper: Keeper, done: Callable[[], bool], seconds: float = 240) -> None:
    """Tends as its owner would; a bound on hanging, not a measurement."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, keeper.swap
        keeper.tend()
        time.sleep(0.01)


def zygote(keeper: Keeper) -> int:
    return keeper.processes()["zygote"]


def works(lane: SteadyLane) -> bool:
    """One run, and what a grader does after it."""
    lines = run(lane, "print('works')").lines
    lane.request(1)
    lane.settle()
    return lines == ["works"]


def test_after_a_number_of_runs_the_lane_goes_on_with_another_zygote() -> None:
    rules = Rules(runs=3, leave=60.0)
    with Keeper.start(Isolation.FULL, rules=rules) as keeper:
        keeper.wait_ready()
        first = zygote(keeper)
        seat = keeper.seat()
        lane = seat.lane()
        lane.request(2)
        for _ in range(3):
            assert works(lane)
        tend_until(keeper, lambda: keeper.number == 2)
        assert keeper.swap.reason.endswith("runs")
        assert Path(f"/proc/{first}").exists()  # the lane's ready jails are there
        while seat.newer() or lane._next is not None:
            assert works(lane)
        tend_until(keeper, lambda: not Path(f"/proc/{first}").exists())
        assert works(lane)
        lane.close()
        seat.close()


def test_a_suspicion_brings_a_successor_and_work_goes_on_meanwhile(keeper: Keeper, seat: Seat) -> None:
    lane = seat.lane()
    lane.request(2)
    seat.suspect("it smells")
    before = zygote(keeper)
    keeper.tend()
    keeper.tend()
    assert keeper.swap.reason == "it smells"
    assert zygote(keeper) == before
    assert works(lane)  # of the old one: its successor imports torch
    tend_until(keeper, lambda: keeper.number == 2)
    while keeper._leaving:
        assert works(lane)
        keeper.tend()
    assert zygote(keeper) != before
    assert keeper.swap.count == 1
    lane.close()


def test_suspicions_within_a_minute_start_one_successor_only() -> None:
    with Keeper.start(Isolation.FULL, rules=Rules(pause=3600)) as keeper:
        keeper.wait_ready()
        seat = keeper.seat()
        for _ in range(5):
            seat.suspect("a jail crashed")
        keeper.tend()
        keeper.tend()
        assert keeper.swap.suspicions
        assert keeper.swap.reason == ""
        assert keeper.number == 1
        seat.close()


def test_a_zygote_that_was_killed_is_replaced_without_a_word_from_a_lane(keeper: Keeper, seat: Seat) -> None:
    lane = seat.lane()
    lane.request(1)
    os.kill(zygote(keeper), signal.SIGKILL)
    assert works(lane)  # waits for the successor, and tends the keeper meanwhile
    assert keeper.number == 2
    lane.close()


def test_a_stopped_zygote_is_left_and_ended(keeper: Keeper, seat: Seat) -> None:
    lane = seat.lane()
    stuck = zygote(keeper)
    os.kill(stuck, signal.SIGSTOP)
    with pytest.raises(SandboxFault, match="within"):
        lane.take(timeout=0.3)
    assert works(lane)
    assert keeper.number == 2
    tend_until(keeper, lambda: not Path(f"/proc/{stuck}").exists())
    lane.close()


def test_a_zygote_that_grows_is_replaced() -> None:
    with Keeper.start(Isolation.FULL, rules=Rules(growth=-1, pause=0.0)) as keeper:
        keeper.wait_ready()
        tend_until(keeper, lambda: keeper.number == 2)
        assert "grew" in keeper.swap.reason


def test_a_successor_that_cannot_start_leaves_the_old_one_at_work(
    keeper: Keeper, seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = seat.lane()
    with monkeypatch.context() as patch:
        patch.setattr("graders.sandbox.root.base_python", lambda: "/nowhere/python")
        seat.suspect("it smells")
        tend_until(keeper, lambda: bool(keeper.swap.trouble))
    assert keeper.number == 1
    assert works(lane)
    tend_until(keeper, lambda: keeper.number == 2)  # tried again
    assert keeper.swap.trouble == ""
    lane.close()


def test_forked_lanes_survive_the_swap_and_the_keeper_forgets_dead_ones(keeper: Keeper) -> None:
    pids = [fork(lambda: serve(keeper.seat(), keeper.number)) for _ in range(2)]
    dead = fork(lambda: os._exit(0))
    os.waitpid(dead, 0)
    tend_until(keeper, lambda: len(keeper._lanes) == 2 and all(lane.at == 1 for lane in keeper._lanes.values()))
    first = zygote(keeper)
    keeper._suspect("it smells", broken=False)
    tend_until(keeper, lambda: keeper.number == 2)
    tend_until(keeper, lambda: not keeper._lanes)  # both have moved, worked there, and left
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0, 0]
    tend_until(keeper, lambda: not keeper._leaving)
    assert not Path(f"/proc/{first}").exists()


def fork(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return pid


def serve(seat: Seat, number: int) -> None:
    """A lane that works until it has moved to the next zygote and worked there."""
    lane = seat.lane()
    lane.request(2)
    end = time.monotonic() + 240
    while lane._offer.number == number:
        assert works(lane)
        assert time.monotonic() < end
    assert works(lane)
    lane.close()


def test_a_lane_learns_that_its_keeper_is_gone() -> None:
    keeper = Keeper.start(Isolation.FULL)
    keeper.wait_ready()
    seat = keeper.seat()
    keeper.tend()
    keeper.close()
    assert not seat.alive()
    with pytest.raises(SandboxFault):
        seat.renew()
    seat.close()


def test_closing_leaves_no_process_and_no_descriptor(keeper: Keeper) -> None:
    keeper.close()
    before = len(os.listdir("/proc/self/fd"))
    with Keeper.start(Isolation.FULL, rules=RULES) as other:
        other.wait_ready()
        seat = other.seat()
        lane = seat.lane()
        assert works(lane)
        pids = list(other.processes().values())
        seat.suspect("it smells")
        tend_until(other, lambda: other._coming is not None)
        lane.close()
        seat.close()
    assert len(os.listdir("/proc/self/fd")) == before
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_grader_on_a_seat_grades_through_a_swap(keeper: Keeper) -> None:
    from graders.grade import READY_JAILS, Grader
    from graders.selfcheck import reference_code
    from graders.verdict import Verdict
    from katas.bank import Bank

    kata = Bank.open().kata("masked_softmax")
    code = reference_code(kata)
    crash = b"import os\nos._exit(1)\n"
    with keeper.seat() as seat, Grader(seat, ready=READY_JAILS) as grader:
        assert grader.grade(kata, code).verdict is Verdict.PASSED
        assert grader.grade(kata, crash).verdict is Verdict.CRASHED
        verdicts = set()
        end = time.monotonic() + 240
        while keeper.number == 1 or keeper._leaving:
            verdicts.add(grader.grade(kata, code).verdict)
            keeper.tend()
            assert time.monotonic() < end
        assert verdicts == {Verdict.PASSED}
        assert "crashed" in keeper.swap.reason
        report = grader.grade(kata, code)
        assert report.environment is not None
        assert report.environment.isolation.level == "full"
