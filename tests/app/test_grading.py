"""run, grade, check and doctor through the real command, with the real jail."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.app.banks import write_kata
from tests.conftest import ROOT, Command

pytestmark = pytest.mark.slow

SAMPLE = ROOT / "examples" / "multi_head_attention.py"
KATA = ROOT / "katas" / "multi_head_attention"


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """A submission that divides by the wrong width, prints in colour and says its kata in its first line."""
    path = tmp_path / "mine.py"
    path.write_text(SAMPLE.read_text().replace("math.sqrt(self.d_k)", "math.sqrt(d); print('\\x1b[31mforward')"))
    return path


def test_a_right_submission_passes_and_says_so_shortly(torchkata: Command) -> None:
    done = torchkata("grade", str(SAMPLE))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("PASSED")
    assert len(done.stdout.splitlines()) < 10
    assert "\x1b" not in done.stdout


def test_a_wrong_submission_gets_its_misunderstanding_named(torchkata: Command, wrong: Path) -> None:
    done = torchkata("grade", str(wrong))
    assert (done.returncode, done.stderr) == (1, "")
    for part in ("FAILED", "expected", "actual", "Diagnosis", "d_model", "seed", "| \\x1b[31mforward"):
        assert part in done.stdout
    assert "\x1b" not in done.stdout
    assert len(done.stdout.splitlines()) < 80


def test_a_seed_repeats_a_grade_exactly(torchkata: Command, wrong: Path) -> None:
    first = json.loads(torchkata("grade", "--format", "json", str(wrong)).stdout)
    again = json.loads(torchkata("grade", "--format", "json", "--seed", first["seed"], str(wrong)).stdout)
    for key in ("seed", "verdict", "score", "diagnosis", "submission_digest", "kata_digest"):
        assert first[key] == again[key]
    assert [case["max_abs_error"] for case in first["cases"]] == [case["max_abs_error"] for case in again["cases"]]


def test_several_files_are_an_array_and_the_worst_exit_code_counts(
    torchkata: Command, wrong: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.py").write_text("# kata: multi_head_attention\ndef (:\n")
    (tmp_path / "empty.py").write_text("")
    output = tmp_path / "reports.json"
    files = [str(SAMPLE), str(wrong), "broken.py", "empty.py"]
    done = torchkata("grade", "--format", "json", "--output", str(output), *files)
    assert done.returncode == 2
    assert done.stderr == "torchkata: empty.py: is empty.\n"
    assert [report["verdict"] for report in json.loads(output.read_text())] == ["passed", "failed", "invalid"]
    assert len(done.stdout.splitlines()) == 3


def test_standard_input_is_graded(torchkata: Command) -> None:
    done = torchkata("grade", "-", "--lang", "zh", stdin=SAMPLE.read_bytes())
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("通过")


def test_a_run_is_of_the_visible_cases_and_has_no_score(torchkata: Command, wrong: Path) -> None:
    done = torchkata("run", str(SAMPLE))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "of 100" not in done.stdout
    assert torchkata("run", str(wrong)).returncode == 1


def test_a_starter_does_not_pass(torchkata: Command, tmp_path: Path) -> None:
    assert torchkata("init", "multi_head_attention").returncode == 0
    done = torchkata("grade", "multi_head_attention.py")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr


def test_a_least_score_of_zero_accepts_what_could_be_judged(torchkata: Command, wrong: Path) -> None:
    assert torchkata("grade", "--min-score", "0", "--no-speed", str(wrong)).returncode == 0
    assert torchkata("grade", "--min-score", "99", str(wrong)).returncode == 1


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def (:\n", "mine.py:2"),
        ("x = 1\n", "MultiHeadAttention"),
        ("MultiHeadAttention = 3\n", "MultiHeadAttention"),
        ("raise RuntimeError('at import \\x1b[2J')\n", "at import \\x1b[2J"),
        ("input()\n", "input() was called"),
        ("class MultiHeadAttention:\n    def __init__(self): pass\n", "MultiHeadAttention"),
    ],
    ids=["syntax", "no entry", "not callable", "raises at import", "asks input", "wrong signature"],
)
def test_bad_code_is_judged_not_passed_with_a_sentence(
    code: str, said: str, torchkata: Command, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(f"# kata: multi_head_attention\n{code}")
    done = torchkata("grade", "mine.py")
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr == ""
    assert said in done.stdout
    assert "Traceback (most recent call last)" not in done.stdout
    assert "\x1b" not in done.stdout


def test_check_proves_a_kata(torchkata: Command) -> None:
    done = torchkata("check", "masked_softmax")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Proven: 1 of 1." in done.stdout


def test_check_names_a_mistake_that_passes_and_a_broken_folder(torchkata: Command, tmp_path: Path) -> None:
    bank = tmp_path / "bank"
    shutil.copytree(ROOT / "katas" / "masked_softmax", bank / "masked_softmax")
    reference = (ROOT / "reference" / "foundations.py").read_text()
    right = f'"""en: not wrong at all\nzh: 并没有错\n"""\n\n{reference}'
    (bank / "masked_softmax" / "mistakes" / "right_after_all.py").write_text(right)
    write_kata(bank, "broken")
    (bank / "broken" / "kata.toml").write_text("format = \n")
    done = torchkata("check", env={"TORCHKATA_BANK": str(bank)})
    assert done.returncode == 2, done.stdout + done.stderr
    assert "right_after_all" in done.stdout
    assert "kata broken: kata.toml: cannot be read" in done.stderr
    assert "Not proven: 2 of 2." in done.stdout


def test_doctor_says_the_level_and_every_part(torchkata: Command) -> None:
    done = torchkata("doctor", "--json")
    found = json.loads(done.stdout)
    assert found["level"] in ("full", "reduced", "none")
    assert {"torch", "libseccomp", "data folder"} <= {finding["name"] for finding in found["findings"]}
    assert all(finding["ok"] or finding["cure"] for finding in found["findings"])
    assert (done.returncode == 0) == found["good"]
    text = torchkata("doctor", "--lang", "zh")
    assert f"隔离级别：{found['level']}" in text.stdout
    assert text.returncode == done.returncode
