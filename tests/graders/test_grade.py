"""The whole story, through the real jail."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from graders.grade import Grader, new_seed
from graders.sandbox import Isolation, Sandbox
from graders.selfcheck import reference_code
from graders.verdict import CaseResult, Status, Verdict
from katas.bank import Bank

KATA = "scaled_dot_product_attention"
ENTRY = "def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):\n"


def submission(body: str, before: str = "") -> bytes:
    """A file that defines the entry with this body."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"import torch\n{before}\n{ENTRY}{lines}".encode()


def right(body: str = "") -> bytes:
    """A right solution that does something else first."""
    return reference_code(Bank.open().kata(KATA)) + body.encode()


def test_the_same_seed_gives_the_same_report(grader: Grader, bank: Bank) -> None:
    kata = bank.kata(KATA)
    code = submission("return query @ key.transpose(-1, -2) @ value")
    first, second = (grader.grade(kata, code, seed=7) for _ in range(2))
    drop = {"started", "seconds", "cases"}
    assert first.model_dump(exclude=drop) == second.model_dump(exclude=drop)
    for one, other in zip(first.cases, second.cases, strict=True):
        assert one.model_dump(exclude={"seconds"}) == other.model_dump(exclude={"seconds"})
    assert first.seed == "7"


def test_every_grade_without_a_seed_has_its_own(grader: Grader, bank: Bank) -> None:
    seeds = {grader.grade(bank.kata(KATA), right()).seed for _ in range(3)}
    assert len(seeds) == 3
    assert len({new_seed() for _ in range(100)}) == 100


def test_a_run_judges_the_visible_cases_only_and_gives_no_score(grader: Grader, bank: Bank) -> None:
    report = grader.grade(bank.kata(KATA), right(), visible_only=True)
    assert report.score is None
    assert report.verdict is Verdict.PASSED
    assert report.cases
    assert all(case.visible for case in report.cases)


def test_progress_tells_each_case_once_in_order(grader: Grader, bank: Bank) -> None:
    seen: list[CaseResult] = []
    report = grader.grade(bank.kata(KATA), right(), on_progress=seen.append)
    assert seen == report.cases


def test_the_number_of_cases_is_told_before_the_first(grader: Grader, bank: Bank) -> None:
    heard: list[int | str] = []
    kata = bank.kata(KATA)
    report = grader.grade(kata, right(), on_begin=heard.append, on_progress=lambda case: heard.append(case.name))
    assert heard == [len(report.cases), *(case.name for case in report.cases)]
    heard.clear()
    assert grader.grade(kata, b"x = (", on_begin=heard.append).verdict is Verdict.INVALID
    assert heard == []  # nothing is judged, so nothing begins


def test_prepared_inputs_are_used_once(grader: Grader, bank: Bank) -> None:
    kata = bank.kata(KATA)
    grader.prepare(kata)
    first, second = grader.grade(kata, right()), grader.grade(kata, right())
    assert first.verdict is second.verdict is Verdict.PASSED
    assert first.seed != second.seed


@pytest.mark.parametrize(
    ("code", "verdict", "said"),
    [
        (b"", Verdict.INVALID, "empty"),
        (b"   \n\n", Verdict.INVALID, "empty"),
        (b"x = 1\n\xff\xfe\n", Verdict.INVALID, "-:2: not UTF-8"),
        (b"# " + b"x" * (256 << 10), Verdict.INVALID, "bytes"),
        (b"def f(:\n", Verdict.INVALID, "-:1: syntax error"),
        (b"x = '\0'\n", Verdict.INVALID, "null bytes"),
        (
            b"import torch\ndef other(): ...\n",
            Verdict.INVALID,
            "defines no `scaled_dot_product_attention` (it defines: other)",
        ),
        (b"scaled_dot_product_attention = 3\n", Verdict.INVALID, "must be a function; it is of type int"),
        (b"class scaled_dot_product_attention: ...\n", Verdict.INVALID, "is a class, and must be a function"),
        (b"def scaled_dot_product_attention(query): ...\n", Verdict.INVALID, "it must take query, key, value"),
        (
            b"def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0): ...\n",
            Verdict.INVALID,
            "it lacks the parameter `is_causal`",
        ),
        (
            b"raise RuntimeError('not today')\n",
            Verdict.ERROR,
            "-:1: raised RuntimeError: not today while the file was loaded",
        ),
        (b"import no_such_module\n", Verdict.ERROR, "No module named 'no_such_module'"),
        (b"name = input()\n", Verdict.ERROR, "-:1: input() was called"),
        (b"raise SystemExit(0)\n", Verdict.ERROR, "SystemExit"),
        (
            b"from torch.nn import functional as G\n"
            + ENTRY.encode()
            + b"    return G.scaled_dot_product_attention(query, key, value)\n",
            Verdict.FORBIDDEN,
            "line 3 uses torch.nn.functional.scaled_dot_product_attention",
        ),
    ],
)
def test_bad_input_gets_one_sentence(grader: Grader, bank: Bank, code: bytes, verdict: Verdict, said: str) -> None:
    report = grader.grade(bank.kata(KATA), code)
    assert report.verdict is verdict
    assert report.message is not None
    assert said in report.message.en
    assert report.message.zh
    assert report.judged_cases == 0
    assert report.score is not None
    assert report.score.total == 0


def test_an_exception_is_reported_with_the_learners_own_lines(grader: Grader, bank: Bank) -> None:
    report = grader.grade(
        bank.kata(KATA), submission("return helper(query)", "def helper(x):\n    return x @ x"), file="a.py"
    )
    case = next(case for case in report.cases if case.status is Status.ERROR)
    assert case.traceback[-1] == "a.py:3 in helper: return x @ x"
    assert len(case.traceback) == 2
    assert case.message is not None
    assert case.message.en.startswith("raised RuntimeError")


def test_a_case_that_ends_the_jail_leaves_the_rest_to_fresh_jails(grader: Grader, bank: Bank) -> None:
    body = (
        "if query.dtype is torch.float64:\n    import os\n    os._exit(3)\n"
        "return reference(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)"
    )
    code = reference_code(bank.kata(KATA)) + b"\nreference = scaled_dot_product_attention\n" + submission(body)
    report = grader.grade(bank.kata(KATA), code)
    crashed = [case for case in report.cases if case.status is Status.CRASHED]
    assert report.verdict is Verdict.CRASHED
    assert crashed
    assert all(case.message is not None and "exit code 3" in case.message.en for case in crashed)
    assert all(case.status is Status.PASSED for case in report.cases if case not in crashed)


def test_after_three_fresh_jails_the_rest_is_not_run(grader: Grader, bank: Bank) -> None:
    report = grader.grade(bank.kata(KATA), submission("import os\nos._exit(0)"))
    statuses = [case.status for case in report.cases]
    assert statuses[:4] == [Status.CRASHED] * 4
    assert set(statuses[4:]) == {Status.NOT_RUN}
    assert report.judged_cases == 4


def test_a_slow_case_times_out_and_the_grade_ends(sandbox: Sandbox, bank: Bank) -> None:
    with Grader(sandbox, timeout=1.0) as hurried:
        report = hurried.grade(bank.kata(KATA), submission("while True:\n    pass"))
    assert report.verdict is Verdict.TIMEOUT
    assert report.cases[0].status is Status.TIMEOUT
    assert report.cases[-1].status is Status.NOT_RUN


def test_what_is_printed_is_kept_and_cut(grader: Grader, bank: Bank) -> None:
    report = grader.grade(
        bank.kata(KATA), right("\nprint('hello \\x1b[31m there')\nimport sys\nprint('x' * 100000, file=sys.stderr)\n")
    )
    assert report.verdict is Verdict.PASSED
    assert report.output.stdout == "hello \x1b[31m there\n"
    assert report.output.stderr == "x" * (64 << 10)
    assert report.output.truncated


def test_a_mistake_under_foreign_names_is_still_named(grader: Grader, bank: Bank) -> None:
    kata = bank.kata("multi_head_attention")
    mistake = kata.mistakes[0]
    renamed = mistake.source
    for role in ("q_proj", "k_proj", "v_proj", "out_proj"):
        renamed = renamed.replace(role, {"q_proj": "one", "k_proj": "two", "v_proj": "three", "out_proj": "four"}[role])
    assert renamed != mistake.source
    report = grader.grade(kata, renamed.encode())
    assert report.verdict not in (Verdict.PASSED, Verdict.INVALID, Verdict.FAULT)
    assert [diagnosis.id for diagnosis in report.diagnosis][:1] == [mistake.id]


def test_parameters_that_do_not_fit_are_listed_on_both_sides(grader: Grader, bank: Bank) -> None:
    code = (
        b"from torch import nn\nclass MultiHeadAttention(nn.Module):\n"
        b"    def __init__(self, d_model, num_heads, dropout=0.0):\n        super().__init__()\n"
        b"        self.only = nn.Linear(d_model, 7)\n"
        b"    def forward(self, query, key, value, attn_mask=None, key_padding_mask=None):\n        return self.only(query)\n"
    )
    report = grader.grade(bank.kata("multi_head_attention"), code)
    assert report.verdict is Verdict.ERROR
    assert report.message is not None
    assert "only.weight (7," in report.message.en
    assert "q_proj.weight" in report.message.en


def test_a_zygote_killed_between_grades_is_replaced(bank: Bank) -> None:
    kata = bank.kata(KATA)
    with Sandbox.start(Isolation.FULL) as own, Grader(own) as grader:
        assert grader.grade(kata, right()).verdict is Verdict.PASSED
        os.kill(own.processes()["zygote"], signal.SIGKILL)
        assert grader.grade(kata, right()).verdict is Verdict.PASSED


@pytest.mark.parametrize("who", ["zygote", "launcher"])
def test_a_zygote_killed_in_mid_grade_ends_in_a_verdict(bank: Bank, who: str) -> None:
    kata = bank.kata(KATA)
    with Sandbox.start(Isolation.FULL) as own, Grader(own) as grader:
        assert grader.grade(kata, right()).verdict is Verdict.PASSED
        victim = own.processes()[who]
        killed = threading.Event()

        def kill_once(_: CaseResult) -> None:
            if not killed.is_set():
                killed.set()
                os.kill(victim, signal.SIGKILL)

        report = grader.grade(kata, right("\nimport time\ntime.sleep(0.3)\n"), on_progress=kill_once)
        assert killed.is_set()
        assert report.verdict in (Verdict.PASSED, Verdict.FAULT)
        assert grader.grade(kata, right()).verdict is Verdict.PASSED


def test_a_jail_killed_from_outside_is_no_fault_of_the_learner(bank: Bank) -> None:
    kata = bank.kata(KATA)
    slow = right("\nimport time\ntime.sleep(1.5)\n")
    with Sandbox.start(Isolation.FULL) as own, Grader(own) as grader:
        assert grader.grade(kata, right()).verdict is Verdict.PASSED
        done = threading.Event()

        def kill_jails() -> None:
            while not done.wait(0.05):
                for pid in own.jail_pids():
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        continue

        killer = threading.Thread(target=kill_jails)
        killer.start()
        try:
            clock = time.monotonic()
            report = grader.grade(kata, slow)
        finally:
            done.set()
            killer.join()
        assert report.verdict is Verdict.FAULT
        assert report.message is not None
        assert "not yours" in report.message.en
        assert time.monotonic() - clock < 60  # a bound on hanging, not a measurement
        assert grader.grade(kata, right()).verdict is Verdict.PASSED
