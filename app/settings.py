"""The table of settings. A flag wins over the environment, the environment over torchkata.toml, that over defaults."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import UsageError

PREFIX = "TORCHKATA_"
FILE = "torchkata.toml"
DATABASE = "torchkata.db"
SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Setting:
    """One row of the table."""

    name: str  # as in torchkata.toml; TORCHKATA_NAME in the environment; --name where there is a flag
    default: str
    sentence: str
    choices: tuple[str, ...] = ()
    most: int | None = None  # a whole number from 0 to this

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper()


SETTINGS = (
    Setting("data", "~/.local/share/torchkata", "The data folder; torchkata.toml is looked for there."),
    Setting("bank", "", "A folder of katas to use in place of those that torchkata brings along."),
    Setting("isolation", "full", "The least isolation that a submission is judged under.", ("full", "reduced", "none")),
    Setting("lang", "", "The language of every text; empty means that of the locale.", ("en", "zh")),
    Setting(
        "host",
        "127.0.0.1",
        "The address that `serve` listens at; another one than this machine's own opens it to a network.",
    ),
    Setting("port", "8000", "The port that `serve` listens at; 0 takes a free one.", most=65535),
    Setting(
        "hosts", "", "Further names that the server is reached by, with commas between; other Host headers are refused."
    ),
    Setting("lanes", "0", "Submissions judged at the same time; 0 means one a core, at most four.", most=64),
    Setting("database_url", "", "The database, as sqlite:///FILE; empty means torchkata.db in the data folder."),
    Setting("secret", "", "Kept for accounts, whose forms are signed with it; nothing is signed yet."),
)
_NAMES = tuple(setting.name for setting in SETTINGS)


@dataclass(frozen=True)
class Settings:
    """The settings in force."""

    data: Path
    bank: Path | None
    isolation: str
    lang: str
    host: str = "127.0.0.1"
    port: int = 8000
    hosts: tuple[str, ...] = ()
    lanes: int = 0  # 0: as many as the machine carries
    database_url: str = ""
    secret: str = field(default="", repr=False)

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.data / (self.database_url.removeprefix(SQLITE) or DATABASE)


def resolve(flags: Mapping[str, str | None], environment: Mapping[str, str], home: Path | None = None) -> Settings:
    """Settles every setting; `flags` is what the command line gave. Raises UsageError for unknown names and values."""
    from_environment = _environment(environment)
    data = flags.get("data") or from_environment.get("data") or SETTINGS[0].default
    folder = _expanded(data, home)
    from_file = _file(folder / FILE)
    values = {setting.name: setting.default for setting in SETTINGS}
    for source, given in ((str(folder / FILE), from_file), ("environment", from_environment), ("command line", flags)):
        for name, value in given.items():
            if value is not None:
                values[name] = _checked(name, value, source)
    return Settings(
        data=folder,
        bank=_expanded(values["bank"], home) if values["bank"] else None,
        isolation=values["isolation"],
        lang=values["lang"] or locale_language(environment),
        host=values["host"],
        port=int(values["port"]),
        hosts=tuple(name.strip().lower() for name in values["hosts"].split(",") if name.strip()),
        lanes=int(values["lanes"]),
        database_url=values["database_url"],
        secret=values["secret"],
    )


def locale_language(environment: Mapping[str, str]) -> str:
    """`zh` for a Chinese locale, else `en`; the first of LC_ALL, LC_MESSAGES, LANG that is set decides, as in POSIX."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "zh" if environment[name].lower().startswith("zh") else "en"
    return "en"


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for variable, value in environment.items():
        if variable.startswith(PREFIX):
            name = variable.removeprefix(PREFIX).lower()
            if name not in _NAMES or variable != variable.upper():
                raise _unknown(variable, [setting.variable for setting in SETTINGS], "environment")
            if value:
                found[name] = value
    return found


def _file(path: Path) -> dict[str, str]:
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise UsageError("file_unreadable", file=str(path), why=error.strerror) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError("settings_broken", file=str(path), why=str(error)) from None
    known = [name for name in _NAMES if name != "data"]  # the file lies in the data folder and cannot move it
    for name, value in raw.items():
        if name not in known:
            raise _unknown(name, known, str(path))
        if type(value) is int and _setting(name).most is not None:
            raw[name] = str(value)
        elif not isinstance(value, str):
            raise UsageError("setting_not_text", name=name, source=str(path))
    return raw


def _setting(name: str) -> Setting:
    return next(setting for setting in SETTINGS if setting.name == name)


def _unknown(name: str, known: list[str], source: str) -> UsageError:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return UsageError("setting_unknown_near", name=name, source=source, near=near[0])
    return UsageError("setting_unknown", name=name, source=source, known=", ".join(known))


def _checked(name: str, value: str, source: str) -> str:
    setting = _setting(name)
    if setting.most is not None and not (value.isascii() and value.isdecimal() and int(value) <= setting.most):
        raise UsageError("setting_number", name=name, source=source, value=value, most=setting.most)
    if name == "database_url" and value and not value.startswith(SQLITE):
        raise UsageError("setting_database", name=name, source=source)
    if setting.choices and value and value not in setting.choices:
        raise UsageError("setting_choice", name=name, source=source, value=value, choices=", ".join(setting.choices))
    return value


def _expanded(path: str, home: Path | None) -> Path:
    """An absolute path; a home folder that nobody can name leaves `~` to the error of whoever opens it."""
    if home is not None and path.startswith("~/"):
        return home / path[2:]
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError:
        return Path(path).absolute()
