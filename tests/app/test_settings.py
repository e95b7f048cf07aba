"""Settings: where a value comes from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import UsageError
from app.settings import locale_language, resolve


def test_no_setting_at_all_also_runs(tmp_path: Path) -> None:
    settings = resolve({}, {}, home=tmp_path)
    assert settings.data == tmp_path / ".local" / "share" / "torchkata"
    assert (settings.bank, settings.isolation, settings.lang) == (None, "full", "en")


def test_a_flag_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "torchkata.toml").write_text('isolation = "none"\nlang = "zh"\n')
    environment = {"TORCHKATA_DATA": str(tmp_path)}
    assert resolve({}, environment).isolation == "none"
    environment["TORCHKATA_ISOLATION"] = "reduced"
    assert resolve({}, environment).isolation == "reduced"
    assert resolve({"isolation": "full"}, environment).isolation == "full"
    assert resolve({"isolation": None}, environment).lang == "zh"


def test_the_data_flag_says_which_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "torchkata.toml").write_text('isolation = "none"\n')
    assert resolve({"data": str(tmp_path)}, {"TORCHKATA_DATA": "/elsewhere"}).isolation == "none"


def test_an_empty_variable_is_as_good_as_none(tmp_path: Path) -> None:
    assert resolve({}, {"TORCHKATA_ISOLATION": "", "TORCHKATA_DATA": str(tmp_path)}).isolation == "full"


@pytest.mark.parametrize(
    ("variable", "near"), [("TORCHKATA_ISOLATON", "TORCHKATA_ISOLATION"), ("TORCHKATA_LANGUAGE", "TORCHKATA_LANG")]
)
def test_an_unknown_variable_is_refused_with_the_nearest(variable: str, near: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"do you mean `{near}`"):
        resolve({}, {variable: "x", "TORCHKATA_DATA": str(tmp_path)})


def test_an_unknown_name_in_the_file_is_refused_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "torchkata.toml").write_text('insolation = "full"\n')
    with pytest.raises(UsageError, match=r"torchkata\.toml: .*do you mean `isolation`"):
        resolve({"data": str(tmp_path)}, {})


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("isolation = full", "is not TOML"),
        ("lang = 3", "must be a text in quotes"),
        ('lang = "de"', "must be one of en, zh, not `de`"),
        ('data = "/x"', "there is no setting `data`"),
        (b"\xff", "is not TOML"),
    ],
)
def test_a_broken_file_is_refused_in_one_sentence(text: str | bytes, what: str, tmp_path: Path) -> None:
    (tmp_path / "torchkata.toml").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(UsageError, match=what) as caught:
        resolve({"data": str(tmp_path)}, {})
    assert caught.value.exit_code == 2


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "torchkata.toml").mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        resolve({"data": str(tmp_path)}, {})


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "zh_TW.UTF-8"}, "zh"),
        ({"LC_ALL": "", "LANG": "zh_CN"}, "zh"),
        ({}, "en"),
    ],
)
def test_the_locale_decides_the_language_as_in_posix(environment: dict[str, str], lang: str) -> None:
    assert locale_language(environment) == lang


def test_the_server_listens_at_this_machine_alone_unless_told_otherwise(tmp_path: Path) -> None:
    settings = resolve({}, {}, home=tmp_path)
    assert (settings.host, settings.port, settings.hosts, settings.lanes) == ("127.0.0.1", 8000, (), 0)
    assert settings.database == settings.data / "torchkata.db"


def test_numbers_and_names_are_read_from_everywhere(tmp_path: Path) -> None:
    (tmp_path / "torchkata.toml").write_text('port = 8001\nlanes = "3"\nhosts = "Kata.example, kata"\n')
    settings = resolve({"data": str(tmp_path)}, {"TORCHKATA_HOST": "::1"})
    assert (settings.host, settings.port, settings.hosts, settings.lanes) == ("::1", 8001, ("kata.example", "kata"), 3)


@pytest.mark.parametrize("value", ["-1", "65536", "1.5", "x", "٣", "1e3"])
def test_a_port_that_is_none_is_refused(value: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="whole number from 0 to 65535"):
        resolve({}, {"TORCHKATA_PORT": value, "TORCHKATA_DATA": str(tmp_path)})


def test_the_database_is_a_file_in_the_data_folder_or_anywhere(tmp_path: Path) -> None:
    for url, file in (("sqlite:///x.db", tmp_path / "x.db"), ("sqlite:////srv/x.db", Path("/srv/x.db"))):
        assert resolve({}, {"TORCHKATA_DATABASE_URL": url, "TORCHKATA_DATA": str(tmp_path)}).database == file
    with pytest.raises(UsageError, match="not supported yet"):
        resolve({}, {"TORCHKATA_DATABASE_URL": "postgresql://x/y", "TORCHKATA_DATA": str(tmp_path)})


def test_a_secret_is_not_printed_by_accident(tmp_path: Path) -> None:
    assert "hush" not in repr(resolve({}, {"TORCHKATA_SECRET": "hush", "TORCHKATA_DATA": str(tmp_path)}))
