"""The command line. Each command asks, calls, answers, and returns its exit code.

Only what `list` needs is imported at the top; grading imports torch inside its command, which is our one exception to
the rule that an import inside a function hides a circle.
"""

from __future__ import annotations

import json
import math
import os
import sys
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.main import get_command

from app.delivery import check_output, deliver, print_findings, print_report, reason
from app.errors import AppError, UsageError
from app.messages import LANGUAGES, say
from app.requeue import requeue
from app.scaffold import scaffold
from app.settings import Settings, locale_language, resolve
from app.sources import STDIN, Source, any_kata, code_kata, read
from app.terminal import Progress, console, forgive_encoding, visible, visible_json
from app.usage import known_command, take_everywhere, translate, usage_sentence
from katas.bank import Bank, KataError

PASSED, NOT_PASSED, BAD_INPUT, OUR_FAULT = 0, 1, 2, 3
INTERRUPTED, PIPE_CLOSED = 130, 141  # as shells show SIGINT and SIGPIPE

app = typer.Typer(name="torchkata", add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


class Level(StrEnum):
    """What --isolation takes."""

    FULL = "full"
    REDUCED = "reduced"
    NONE = "none"


class Device(StrEnum):
    """What --device takes."""

    CPU = "cpu"
    CUDA = "cuda"


class KataKind(StrEnum):
    """What --kind takes."""

    CODE = "code"
    CONCEPT = "concept"


class Format(StrEnum):
    """What --format takes."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True)
class Session:
    """What every command is handed."""

    settings: Settings

    @property
    def lang(self) -> str:
        """The language of every text."""
        return self.settings.lang

    def bank(self) -> Bank:
        """The katas. Raises UsageError when the folder that the settings name is none."""
        if self.settings.bank is not None and not self.settings.bank.is_dir():
            raise UsageError("bank_missing", folder=str(self.settings.bank))
        return Bank.open(self.settings.bank)

    def complain(self, error: AppError | KataError) -> int:
        """Says what is wrong, in one line on standard error, and returns the exit code."""
        print(f"torchkata: {visible(sentence(error, self.lang), keep='')}", file=sys.stderr)
        return error.exit_code if isinstance(error, AppError) else BAD_INPUT


KataArgument = Annotated[str, typer.Argument(metavar="KATA")]
KataOption = Annotated[str | None, typer.Option("--kata", metavar="ID")]
SeedOption = Annotated[int | None, typer.Option("--seed", metavar="N", min=0, max=2**64 - 1)]
DeviceOption = Annotated[Device, typer.Option("--device")]
IsolationOption = Annotated[Level | None, typer.Option("--isolation", show_default=False)]
TimeoutOption = Annotated[float | None, typer.Option("--timeout", metavar="S")]
JsonOption = Annotated[bool, typer.Option("--json")]
OutputOption = Annotated[str | None, typer.Option("--output", "-o", metavar="FILE")]


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", is_eager=True)] = False,
    lang: Annotated[str | None, typer.Option("--lang", metavar="en|zh")] = None,
    data: Annotated[str | None, typer.Option("--data", metavar="FOLDER")] = None,
    database_url: Annotated[str | None, typer.Option("--database-url", metavar="URL")] = None,
) -> None:
    """Answers when there is no command; --lang, --data and --database-url are here for the help, app.usage takes them first."""
    if show_version:
        print(f"torchkata {version('torchkata')}")
        raise typer.Exit(PASSED)
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit(BAD_INPUT)


@app.command("list")
def list_katas(context: typer.Context, as_json: JsonOption = False) -> int:
    session: Session = context.obj
    bank = session.bank()
    katas, code = [], PASSED
    for name in bank.ids():
        try:
            katas.append(bank.kata(name))
        except KataError as error:
            code = session.complain(error)
    katas.sort(key=lambda kata: (kata.level, kata.id))
    if as_json:
        rows = [{field: getattr(kata, field) for field in ("id", "kind", "track", "level", "title")} for kata in katas]
        print(visible_json(json.dumps(rows, ensure_ascii=False, indent=2)))
    elif katas:
        from app.pages import table

        console(sys.stdout).print(table(katas, session.lang))
    elif code == PASSED:
        raise UsageError("bank_empty", folder=str(bank.root))
    return code


@app.command("show")
def show_kata(
    context: typer.Context,
    kata: KataArgument,
    answer: Annotated[bool, typer.Option("--answer")] = False,
    hint: Annotated[int | None, typer.Option("--hint", metavar="N", min=1)] = None,
) -> int:
    session: Session = context.obj
    chosen = any_kata(kata, session.bank())
    from app.pages import markdown, page

    markdown(page(chosen, session.lang, answer=answer, hints=hint or 0), sys.stdout)
    return PASSED


@app.command("init")
def init_file(context: typer.Context, kata: KataArgument, output: OutputOption = None) -> int:
    session: Session = context.obj
    chosen = code_kata(kata, session.bank())
    starter = chosen.starter
    if not starter.startswith("# kata:"):
        starter = f"# kata: {chosen.id}\n{starter}"
    if output == STDIN:
        print(starter, end="")
        return PASSED
    file = output or f"{chosen.id}.py"
    try:
        with open(file, "x", encoding="utf-8") as stream:
            stream.write(starter)
    except FileExistsError:
        raise UsageError("file_exists", file=file) from None
    except (OSError, ValueError) as error:
        raise UsageError("file_unwritable", file=file, why=reason(error)) from None
    print(visible(say(session.lang, "init.done", file=file)))
    return PASSED


@app.command("run")
def run_file(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE")],
    kata_id: KataOption = None,
    seed: SeedOption = None,
    device: DeviceOption = Device.CPU,
    isolation: IsolationOption = None,
    timeout: TimeoutOption = None,
) -> int:
    session: Session = context.obj
    _check_timeout(timeout)
    source = read(file, kata_id, session.bank())
    from app.judging import exit_code, grading

    with grading(isolation or session.settings.isolation, device=device, timeout=timeout) as grader, _bar(1) as bar:
        bar.begin(_working(source, session.lang))
        report = grader.grade(
            source.kata,
            source.code,
            seed=seed,
            visible_only=True,
            file=source.file,
            on_progress=lambda case: bar.step(),
        )
    print_report(report, session.lang)
    return exit_code(report, None)


@app.command("grade")
def grade_files(
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE")],
    kata_id: KataOption = None,
    seed: SeedOption = None,
    device: DeviceOption = Device.CPU,
    report_format: Annotated[Format, typer.Option("--format")] = Format.TEXT,
    output: OutputOption = None,
    isolation: IsolationOption = None,
    timeout: TimeoutOption = None,
    min_score: Annotated[float | None, typer.Option("--min-score", metavar="N", min=0, max=100)] = None,
    no_speed: Annotated[bool, typer.Option("--no-speed")] = False,
) -> int:
    session: Session = context.obj
    _check_timeout(timeout)
    check_output(output)
    sources, code = _sources(files, kata_id, session)
    if not sources:
        return code
    from app.judging import exit_code, grading

    reports = []
    with (
        grading(isolation or session.settings.isolation, device=device, timeout=timeout) as grader,
        _bar(len(sources)) as bar,
    ):
        for source in sources:
            bar.begin(_working(source, session.lang))
            try:
                report = grader.grade(
                    source.kata,
                    source.code,
                    seed=seed,
                    file=source.file,
                    on_progress=lambda case: bar.step(),
                )
            except KataError as error:
                code = max(code, session.complain(error))
                continue
            finally:
                bar.end()
            reports.append(report)
            code = max(code, exit_code(report, min_score))
            if report_format is Format.TEXT and output in (None, STDIN):
                bar.pause()
                print_report(report, session.lang, apart=len(reports) > 1)
    deliver(reports, report_format is Format.JSON, output, len(files) > 1, session.lang)
    return code


@app.command("check")
def check_katas(context: typer.Context, ids: Annotated[list[str] | None, typer.Argument(metavar="ID")] = None) -> int:
    session: Session = context.obj
    bank, lang = session.bank(), session.lang
    names = list(dict.fromkeys(ids or bank.ids()))
    for name in set(names).difference(bank.ids()):
        any_kata(name, bank)
    if not names:
        raise UsageError("bank_empty", folder=str(bank.root))
    from app.judging import grading

    code, bad = PASSED, 0
    with grading(session.settings.isolation) as grader, _bar(len(names)) as bar:
        from graders.selfcheck import check  # imports torch, which the sandbox is doing meanwhile

        for name in names:
            bar.begin(say(lang, "check.working", kata=name))
            try:
                findings = list(check(bank.kata(name), grader, bank))
            except KataError as error:
                bar.pause()
                code, bad = max(code, session.complain(error)), bad + 1
                continue
            finally:
                bar.end()
            bar.pause()
            good = print_findings(name, findings, lang)
            code, bad = max(code, PASSED if good else NOT_PASSED), bad + (not good)
    print(say(lang, "check.some_bad" if bad else "check.all_ok", count=len(names), bad=bad))
    return code


@app.command("doctor")
def examine_machine(context: typer.Context, as_json: JsonOption = False) -> int:
    session: Session = context.obj
    from app import doctor

    found = doctor.examine(session.settings.isolation, session.settings.data)
    if as_json:
        print(visible_json(doctor.as_json(found)))
    else:
        console(sys.stdout).print(doctor.as_text(found, session.lang))
    return PASSED if found.good else NOT_PASSED


@app.command("new")
def new_kata(
    context: typer.Context,
    new_id: Annotated[str, typer.Argument(metavar="ID")],
    kind: Annotated[KataKind, typer.Option("--kind")] = KataKind.CODE,
) -> int:
    session: Session = context.obj
    bank, lang = session.bank(), session.lang
    folder, files = scaffold(new_id, bank, kind)
    answer = "reference/<track>.py" if session.settings.bank is None else f"{folder.name}/reference.py"
    print(say(lang, "new.done", folder=visible(str(folder))))
    print("".join(f"  {file}\n" for file in files))
    print(say(lang, "new.left"))
    code_steps = ("toml", "reference", "starter", "cases", "mistakes", "pages", "check")
    for n, step in enumerate(code_steps if kind is KataKind.CODE else ("concept_toml", "pages", "quiz", "check"), 1):
        print(f"  {n}. {say(lang, f'new.step.{step}', file=answer, kata=new_id)}")
    return PASSED


@app.command("serve")
def serve_pages(
    context: typer.Context,
    host: Annotated[str | None, typer.Option("--host", metavar="H")] = None,
    port: Annotated[int | None, typer.Option("--port", metavar="N", min=0, max=65535)] = None,
    no_worker: Annotated[bool, typer.Option("--no-worker")] = False,
    open_page: Annotated[bool, typer.Option("--open")] = False,
    isolation: IsolationOption = None,
) -> int:
    session: Session = context.obj
    session.bank()
    settings = _with(session.settings, host=host, port=port, isolation=isolation)
    from app.serving import serve

    serve(settings, worker=not no_worker, open_page=open_page)


@app.command("worker")
def work_off(
    context: typer.Context,
    lanes: Annotated[int | None, typer.Option("--lanes", metavar="N", min=1, max=64)] = None,
    isolation: IsolationOption = None,
) -> int:
    session: Session = context.obj
    session.bank()
    from app.worker import work

    return work(_with(session.settings, lanes=lanes, isolation=isolation))


app.command("requeue")(requeue)


def _with(settings: Settings, **flags: Any) -> Settings:
    """The settings with what the command's own options say."""
    return replace(settings, **{name: value for name, value in flags.items() if value is not None})


def main(arguments: list[str] | None = None) -> int:
    """The door: every failure leaves here as one sentence and an exit code."""
    forgive_encoding()
    try:
        return _answer(sys.argv[1:] if arguments is None else arguments)
    except BrokenPipeError:
        return _pipe_closed()
    except (KeyboardInterrupt, typer.Abort):
        return _end(INTERRUPTED, say(locale_language(os.environ), "interrupted"))
    except Exception as error:  # noqa: BLE001 - the last resort: nobody is shown a traceback of ours
        return _end(OUR_FAULT, _unexpected(error))


def _answer(arguments: list[str]) -> int:
    lang = locale_language(os.environ)
    try:
        flags, rest = take_everywhere(arguments)
        wished = flags.get("lang") or os.environ.get("TORCHKATA_LANG")
        lang = wished if wished in LANGUAGES else lang  # for what is wrong with the settings themselves
        settings = resolve(flags, os.environ)
        lang = settings.lang
        code = _dispatch(rest, Session(settings))
        sys.stdout.flush()
        return code
    except (AppError, KataError) as error:
        return _end(error.exit_code if isinstance(error, AppError) else BAD_INPUT, sentence(error, lang))
    except typer.TyperException as error:
        return _end(BAD_INPUT, usage_sentence(error, lang))


def sentence(error: AppError | KataError, lang: str) -> str:
    """What is said of an error."""
    if isinstance(error, KataError):
        return say(lang, "kata_broken", kata=error.kata, file=error.file, what=error.what)
    return error.text(lang)


def _dispatch(arguments: list[str], session: Session) -> int:
    command: Any = get_command(app)
    known_command(arguments, command.commands)
    translate(command, session.lang)
    try:
        code = command.main(args=arguments, prog_name="torchkata", standalone_mode=False, obj=session)
    except SystemExit:  # typer's answer to a closed pipe, and nothing else without its standalone mode
        return _pipe_closed()
    return int(code or 0)


def _unexpected(error: Exception) -> str:
    from app.faults import record

    try:
        settings = resolve({}, os.environ)
        lang, folder = settings.lang, settings.data
    except AppError:
        lang, folder = locale_language(os.environ), None
    file = record(error, folder)
    key = "unexpected" if file is not None else "unexpected_unwritten"
    return say(lang, key, error=type(error).__name__, file=file)


def _end(code: int, text: str) -> int:
    print(f"torchkata: {visible(text, keep='')}", file=sys.stderr)
    return code


def _pipe_closed() -> int:
    """The reader of our output has gone; what is still buffered must not raise once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return PIPE_CLOSED


def _sources(files: list[str], kata_id: str | None, session: Session) -> tuple[list[Source], int]:
    """All that can be read; the rest is complained of, and the others are still judged."""
    bank = session.bank()
    if kata_id is not None:
        code_kata(kata_id, bank)
    if files.count(STDIN) > 1:
        raise UsageError("stdin_twice")
    sources, code = [], PASSED
    for file in files:
        try:
            sources.append(read(file, kata_id, bank))
        except (UsageError, KataError) as error:
            code = session.complain(error)
    return sources, code


def _check_timeout(timeout: float | None) -> None:
    if timeout is not None and not (math.isfinite(timeout) and timeout > 0):
        raise UsageError("timeout_positive")


def _bar(total: int) -> Progress:
    return Progress(total, enabled=sys.stderr.isatty())


def _working(source: Source, lang: str) -> str:
    return say(lang, "grade.working", file=visible(source.file, keep=""))


if __name__ == "__main__":
    sys.exit(main())
