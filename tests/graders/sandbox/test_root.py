"""What the private root consists of."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from graders.sandbox import root


def test_torch_numpy_and_what_they_require_are_there_and_nothing_else() -> None:
    found = root.packages()
    assert {"torch", "numpy", "sympy", "typing_extensions.py"} <= set(found)
    assert not {"pydantic", "pytest", "typer", "graders", "katas", "mypy"} & set(found)
    assert all(place.exists() for place in found.values())


def test_libraries_that_packages_load_from_beside_them_come_along() -> None:
    places = root.packages()
    for beside in places["numpy"].parent.glob("numpy.libs"):
        assert beside.name in places


def test_the_interpreter_is_the_base_one_and_not_that_of_the_environment() -> None:
    layout = root.layout()
    assert os.access(layout.python, os.X_OK)
    assert not layout.python.startswith(sys.prefix + "/") or sys.prefix == sys.base_prefix


def test_site_packages_inside_a_bound_library_are_covered() -> None:
    layout = root.layout()
    bound = [target for _, target in layout.folders if not target.startswith("/packages/")]
    inside = [found for folder in bound for found in Path(folder).glob("*/site-packages")]
    assert set(map(str, inside)) <= set(layout.covered)


def test_no_bound_folder_lies_in_another() -> None:
    targets = [target for _, target in root.layout().folders]
    assert not [(a, b) for a in targets for b in targets if a != b and a.startswith(b + "/")]


def test_only_the_modules_of_the_jail_are_staged_and_they_are_not_readable_in_it() -> None:
    layout = root.layout()
    assert {Path(target).name for target in layout.staged} == {Path(name).name for name in root.SOURCES}
    assert not [place for place in layout.readable if place.startswith("/torchkata")]
