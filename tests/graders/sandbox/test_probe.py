"""The probe; where rights are missing it is tried in test_withheld.py."""

from __future__ import annotations

from graders.sandbox import Isolation, Part, probe
from graders.sandbox.parts import cure_for


def test_every_part_is_well_here() -> None:
    parts = probe.run()
    assert [part for part in parts if not part.ok] == []
    assert probe.level(parts) is Isolation.FULL
    assert {"seccomp", "landlock", "cgroup", "mounts", "pivot_root", "user_namespaces", "private_root"} <= {
        p.name for p in parts
    }


def test_one_missing_part_is_reduced_and_without_a_filter_there_is_nothing() -> None:
    well = (Part("seccomp", True), Part("landlock", True))
    assert probe.level((*well, Part("cgroup", False))) is Isolation.REDUCED
    assert probe.level((Part("seccomp", False), Part("cgroup", True))) is Isolation.NONE
    assert probe.level((*well, Part("mounts", False), Part("zygote_start", False))) is Isolation.NONE


def test_every_cure_is_a_sentence_for_an_operator() -> None:
    for part in (
        "user_namespaces",
        "user_map",
        "mounts",
        "pivot_root",
        "landlock",
        "seccomp",
        "zygote",
        "zygote_start",
    ):
        for number in (None, 1, 13, 28, 38):
            assert len(cure_for(part, number)) > 20
