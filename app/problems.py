"""Every refusal and every fault as an answer: a page in the person's language, or one shape of JSON for programs.

A sentence says what happened, a second one what is safe and what to do next.
"""

from __future__ import annotations

import difflib
import errno
import html
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from app import faults
from app.db import DatabaseTrouble
from app.guard import TooOften
from app.refusals import Refused
from app.shelf import LONGEST_NAME
from app.site import Reader, Site, language
from katas.bank import KataError, UnknownKata

log = logging.getLogger("torchkata.web")

PAGES = ("/", "/review", "/history", "/progress", "/about", "/keys")  # that an address may have meant

# key -> (English: what happened, what next; Chinese: the same two)
SENTENCES: dict[str, tuple[str, str, str, str]] = {
    "submission_empty": (
        "There is no code in the submission.",
        "Write some, then submit again.",
        "提交里没有代码。",
        "写好代码后再提交。",
    ),
    "snippet_empty": (
        "There is nothing to try.",
        "Write a call of your function into the snippet, then run it.",
        "没有可运行的片段。",
        "在片段里写一行对你函数的调用，再运行。",
    ),
    "too_large": (
        "The code is larger than {limit} KiB.",
        "Take out what the task does not ask for, then submit again.",
        "代码超过了 {limit} KiB。",
        "删掉与题目无关的内容，再提交。",
    ),
    "not_text": (
        "Line {line} is no UTF-8 text.",
        "Save the file as UTF-8, or take that line out, then submit again.",
        "第 {line} 行不是 UTF-8 文本。",
        "把文件另存为 UTF-8，或删掉这一行，再提交。",
    ),
    "kata_has_no_code": (
        "{kata} is a concept kata: there is no code to submit.",
        "Answer its quiz instead.",
        "{kata} 是概念题，没有代码可以提交。",
        "请回答页面上的测验。",
    ),
    "too_many_open": (
        "{limit} of your submissions are still waiting.",
        "They are safe. Submit again when some of them are done, or cancel some.",
        "你还有 {limit} 份提交在排队。",
        "它们都不会丢。等其中一些评完，或取消一些，再提交。",
    ),
    "stale": (
        "The page is out of date.",
        "What you wrote is below. Look at the page anew, then send it again.",
        "页面已经过期。",
        "你写的内容在下面。重新打开页面看一看，再发送。",
    ),
    "kata_changed": (
        "The kata has changed since you opened it.",
        "Your code is below. Read the task once more, then submit again.",
        "你打开题目之后，题目有了更新。",
        "你的代码在下面。再看一遍任务，然后重新提交。",
    ),
    "already_over": (
        "The submission has already ended.",
        "There is nothing left to cancel; look at its result.",
        "这份提交已经结束。",
        "没有可取消的了，请查看结果。",
    ),
    "bad_step": (
        "This step of the draft cannot be kept: {why}.",
        "Nothing that was kept before is lost.",
        "无法保存这一步草稿：{why}。",
        "之前保存的内容都在。",
    ),
    "draft_moved": (
        "The draft has moved on, in another tab or on another device.",
        "Nothing is lost: both texts are there. Choose one.",
        "草稿已在其他标签页或设备上更新。",
        "两份内容都在，没有丢失，请选择保留哪一份。",
    ),
    "bad_kind": (
        "There is no such way to submit: {kind}.",
        "Use grade, run or try.",
        "没有这种提交方式：{kind}。",
        "可用 grade、run 或 try。",
    ),
    "bad_value": (
        "{name} cannot be {value}.",
        "Nothing was changed.",
        "{name} 不能是 {value}。",
        "设置没有改动。",
    ),
    "not_found": (
        "There is no such page.",
        "Perhaps the address is mistyped. All katas are on the first page.",
        "没有这个页面。",
        "可能是地址写错了。全部题目都在首页。",
    ),
    "kata_unknown": (
        "There is no kata {name}.",
        "Perhaps you mean one of the katas below.",
        "没有题目 {name}。",
        "是不是下面这些题目？",
    ),
    "kata_broken": (
        "The kata {kata} cannot be shown: a file of it is broken ({file}).",
        "All other katas work. Whoever keeps the bank can mend it: torchkata check {kata} says more.",
        "题目 {kata} 无法显示：它的文件有误（{file}）。",
        "其他题目不受影响。题库维护者可用 torchkata check {kata} 查看详情。",
    ),
    "method_not_allowed": (
        "This address does not take that kind of request.",
        "Nothing was changed.",
        "这个地址不接受这种请求。",
        "没有改动任何内容。",
    ),
    "invalid_request": (
        "The request is not right: {why}.",
        "Nothing was changed. The API is described at /api/openapi.json.",
        "请求有误：{why}。",
        "没有改动任何内容。接口说明见 /api/openapi.json。",
    ),
    "invalid_json": (
        "The body is no JSON.",
        "Nothing was changed. The API is described at /api/openapi.json.",
        "请求体不是 JSON。",
        "没有改动任何内容。接口说明见 /api/openapi.json。",
    ),
    "bad_host": (
        "torchkata does not answer to the name {host}.",
        "If this name is yours, add it to the setting hosts and start torchkata again.",
        "torchkata 不接受主机名 {host}。",
        "如果这是你自己的主机名，请把它加入设置 hosts，再重新启动 torchkata。",
    ),
    "foreign_page": (
        "The request came from another site's page and was not carried out.",
        "If you meant it, open torchkata itself and do it there.",
        "请求来自其他网站的页面，没有执行。",
        "如果这是你本人的操作，请在 torchkata 自己的页面里进行。",
    ),
    "url_too_long": (
        "The address is too long.",
        "Go to the first page and start from there.",
        "地址太长了。",
        "请从首页重新开始。",
    ),
    "headers_too_large": (
        "The browser sent too many headers.",
        "Delete the cookies of this address, then try again.",
        "浏览器发送的请求头过多。",
        "请清除这个地址的 Cookie 后重试。",
    ),
    "bad_length": (
        "The request does not say how long it is.",
        "Nothing was changed. Send it again.",
        "请求没有正确说明自己的长度。",
        "没有改动任何内容，请重新发送。",
    ),
    "body_too_large": (
        "The request has more than {limit} KiB.",
        "Nothing was changed. Go back: what you wrote is still there. Make it smaller, then send it again.",
        "请求超过了 {limit} KiB。",
        "没有改动任何内容。返回上一页，你写的内容还在；缩短后再发送。",
    ),
    "body_too_slow": (
        "The request did not arrive in time.",
        "Nothing was changed. Go back and send it again.",
        "请求没有及时传完。",
        "没有改动任何内容。返回上一页，重新发送。",
    ),
    "wrong_type": (
        "A body of this type is not taken here.",
        "Nothing was changed. Send {wanted}.",
        "这里不接受这种类型的请求体。",
        "没有改动任何内容。请发送 {wanted}。",
    ),
    "too_often": (
        "That was too often.",
        "Nothing is lost. Wait {seconds} s, then try again.",
        "操作过于频繁。",
        "没有丢失任何内容。请等待 {seconds} 秒后重试。",
    ),
    "too_many_streams": (
        "Too many pages follow submissions at the same time.",
        "The submissions go on. Close some of the pages, or reload this one later.",
        "同时跟踪提交的页面过多。",
        "提交不受影响。关掉一些页面，或稍后刷新本页。",
    ),
    "check_unavailable": (
        "The code could not be checked in time.",
        "It is still there; submitting works.",
        "未能及时检查代码。",
        "代码还在，提交不受影响。",
    ),
    "quiz_empty": (
        "Nothing was answered.",
        "Tick or type at least one answer, then send the sheet again.",
        "一道题都没有作答。",
        "至少回答一题，再提交。",
    ),
    "bad_rating": (
        "A card is answered with again, hard, good or easy.",
        "Nothing was changed. Go back to the review.",
        "复习只能评为 again、hard、good 或 easy。",
        "没有改动任何内容，请回到复习页。",
    ),
    "import_too_large": (
        "The file is larger than {limit} MiB.",
        "Nothing was imported; what was here before is untouched.",
        "文件超过了 {limit} MiB。",
        "没有导入任何内容，原有数据未受影响。",
    ),
    "import_not_ours": (
        "This is no file that torchkata exported.",
        "Nothing was imported. Choose the JSON file that the export made.",
        "这不是 torchkata 导出的文件。",
        "没有导入任何内容。请选择导出得到的 JSON 文件。",
    ),
    "import_newer": (
        "The file was exported by a newer torchkata (version {version}; this one knows {known}).",
        "Nothing was imported. Bring torchkata up to date, then import it again.",
        "文件由更新版本的 torchkata 导出（版本 {version}，本机最高支持 {known}）。",
        "没有导入任何内容。请升级 torchkata 后再导入。",
    ),
    "import_broken": (
        "The file is damaged at {where}: {why}.",
        "Nothing was imported; what was here before is untouched.",
        "文件在 {where} 处损坏：{why}。",
        "没有导入任何内容，原有数据未受影响。",
    ),
    "database_locked": (
        "The database is busy with something else.",
        "What is kept is safe; this was not carried out. Try again in a moment.",
        "数据库正忙。",
        "已保存的内容是安全的，但这次操作没有执行。请稍后重试。",
    ),
    "database_readonly": (
        "The database cannot be written to.",
        "What is kept is safe; this was not carried out. Give torchkata permission to write in its data folder.",
        "数据库不可写。",
        "已保存的内容是安全的，但这次操作没有执行。请让 torchkata 对数据目录有写权限。",
    ),
    "database_full": (
        "There is no room left for the database.",
        "What is kept is safe; this was not carried out. Make room on the disk, then try again.",
        "磁盘空间不足，数据库无法写入。",
        "已保存的内容是安全的，但这次操作没有执行。请腾出磁盘空间后重试。",
    ),
    "database_broken": (
        "The database cannot be read.",
        "Stop torchkata, keep a copy of its data folder, then run torchkata doctor.",
        "数据库无法读取。",
        "请停止 torchkata，备份数据目录，再运行 torchkata doctor。",
    ),
    "fault": (
        "Something went wrong on our side.",
        "What is kept is safe. Try again; if it happens again, the file {file} says more.",
        "我们这边出了问题。",
        "已保存的内容是安全的。请重试；如果再次出现，详情见文件 {file}。",
    ),
}


@dataclass(frozen=True)
class Problem:
    """A refusal or a fault, before anybody has asked in which language."""

    status: int
    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    nearest: tuple[str, ...] = ()  # ids of katas that may be meant
    pages: tuple[str, ...] = ()  # addresses that may be meant

    def sentences(self, lang: str) -> tuple[str, str]:
        """What happened, and what next."""
        row = SENTENCES[self.key]
        what, then = row[2:] if lang == "zh" else row[:2]
        values = {name: self.values.get(f"{name}_{lang}", value) for name, value in self.values.items()}
        return what.format(**values), then.format(**values)


def problem_of(error: Exception, site: Site) -> Problem:
    """What an exception means for whoever asked."""
    match error:
        case TooOften():
            return Problem(429, error.key, error.values, {"Retry-After": str(error.values["seconds"])})
        case Refused(status=429):
            return Problem(429, error.key, error.values, {"Retry-After": "5"})
        case Refused():
            return Problem(error.status, error.key if error.key in SENTENCES else "stale", error.values)
        case UnknownKata():
            return Problem(404, "kata_unknown", {"name": _shown(error.name)}, nearest=error.nearest)
        case KataError():
            return Problem(500, "kata_broken", {"kata": error.kata, "file": error.file})
        case DatabaseTrouble():
            key = f"database_{error.kind}"
            return Problem(503, key if key in SENTENCES else "database_broken", headers={"Retry-After": "2"})
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return Problem(503, "database_full", headers={"Retry-After": "2"})
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            key = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_request")
            values = {"why": _shown(error.detail)} if key == "invalid_request" else {}
            return Problem(error.status_code, key, values, error.headers or {})
    log.error("unexpected error", exc_info=error)
    place = faults.record(error, site.settings.data)
    return Problem(500, "fault", {"file": place.name if place else "-"})


def _located(request: Request, error: Exception) -> Problem:
    """The problem of a request: what only its address says comes with it. Reads and writes files."""
    site: Site = request.app.state.site
    problem = problem_of(error, site)
    path = request.url.path
    if problem.status == 405 and (methods := request.app.state.allowed(path)):
        return replace(problem, headers={"Allow": ", ".join(methods)})
    if isinstance(error, HTTPException) and problem.key == "not_found":
        last = path.rstrip("/").rpartition("/")[2][:LONGEST_NAME].lower().replace("-", "_")
        katas, pages = (
            difflib.get_close_matches(*asked) for asked in ((last, site.bank.ids()), (path[:LONGEST_NAME], PAGES))
        )
        return replace(problem, nearest=tuple(katas), pages=tuple(pages))
    return problem


def _invalid(error: RequestValidationError) -> Problem:
    """The first thing that is wrong with a request; the rest of pydantic's findings stay in English and away."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return Problem(422, "invalid_json")
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    return Problem(422, "invalid_request", {"why": _shown(f"{place}: {first['msg']}" if place else first["msg"])})


def _shown(text: str) -> str:
    """A piece of the request, short and on one line."""
    return "".join(c if c.isprintable() else "?" for c in text[:120])


def wants_json(request: Request) -> bool:
    """True for programs: everything under /api, and who asks for JSON alone."""
    accept = request.headers.get("accept", "")
    return request.url.path.startswith("/api/") or ("application/json" in accept and "text/html" not in accept)


def error_body(problem: Problem, lang: str) -> dict[str, Any]:
    """The one shape of every error under /api."""
    what, then = problem.sentences(lang)
    found = {"nearest": problem.nearest, "pages": problem.pages}
    details = {**problem.values, **{name: list(those) for name, those in found.items() if those}}
    message = f"{what} {then}" if lang == "en" else what + then
    return {"error": {"code": problem.key, "message": message, "details": details}}


def respond(request: Request, problem: Problem, **values: Any) -> Response:
    """The answer. `values` go to the page: `code` and `snippet` are what a person would lose otherwise."""
    site: Site = request.app.state.site
    lang = _reader(request, site).lang
    what, then = problem.sentences(lang)
    if wants_json(request):
        return JSONResponse(error_body(problem, lang), problem.status, dict(problem.headers))
    words = {"status": problem.status, "key": problem.key, "message": what, "advice": then}
    words |= {"nearest": problem.nearest, "pages": problem.pages}
    try:
        page: Response = site.page(
            request, "error.html", problem.status, **{"code": "", "snippet": "", **words, **values}
        )
    except Exception:
        log.exception("the error page is broken")
        page = HTMLResponse(_plain(lang, what, then), problem.status)
    page.headers.update(problem.headers)
    return page


def _reader(request: Request, site: Site) -> Reader:
    """Who reads the page; where the database is in trouble, what his browser says of him."""
    try:
        return site.reader(request)
    except DatabaseTrouble:
        reader = Reader(site.person(request), {}, language(request, {}), 0)
        request.state.reader = reader
        return reader


def _plain(lang: str, what: str, then: str) -> str:
    text = f"<h1>{html.escape(what)}</h1><p>{html.escape(then)}</p>"
    return f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>torchkata</title>{text}</html>'


async def handle(request: Request, error: Exception) -> Response:
    """The one handler of the application."""
    problem = await run_in_threadpool(_located, request, error)
    return await run_in_threadpool(respond, request, problem)


async def answer(scope: Scope, receive: Receive, send: Send, error: Exception) -> None:
    """The guard's way to the same answers."""
    response = await handle(Request(scope, receive), error)
    await response(scope, receive, send)
