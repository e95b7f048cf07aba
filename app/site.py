"""What every route is handed: settings, katas, database, worker and templates, and the one way to answer with a page."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import bindparam, func, select
from starlette.responses import HTMLResponse

from app import review
from app.assets import Assets
from app.checker import Checker
from app.db import Database
from app.filters import FILTERS
from app.hub import Hub
from app.i18n import LANGUAGES, catalogue, preferred
from app.localtime import zone_of
from app.models import Card, Preference
from app.people import LOCAL_PERSON, Person
from app.refusals import NoCode
from app.rendering import Renderer
from app.settings import Settings
from app.shelf import Shelf
from app.streams import Streams
from katas.bank import Kata

TEMPLATES = Path(__file__).parent.parent / "templates"

# What every page asks for, in one statement that is put together once.
READER = select(
    select(Preference.values).where(Preference.holder == bindparam("holder")).scalar_subquery(),
    select(func.json_group_array(Card.kata))
    .where(Card.holder == bindparam("holder"), Card.due <= bindparam("now"))
    .scalar_subquery(),
)


@dataclass(frozen=True)
class Reader:
    """Who looks at a page and how: what every template knows of him."""

    person: Person
    prefs: dict[str, Any]
    lang: str
    review_due: int


@dataclass
class Site:
    """Handed to every route by `SiteDep`; made once, in app/web.py."""

    settings: Settings
    bank: Shelf
    db: Database
    hub: Hub
    version: str = field(default_factory=lambda: version("torchkata"))
    assets: Assets = field(default_factory=Assets)
    streams: Streams = field(default_factory=Streams)
    checker: Checker = field(default_factory=Checker)
    renderer: Renderer = field(default_factory=Renderer)
    templates: Environment = field(default_factory=lambda: environment())

    def person(self, request: Request) -> Person:
        """Whose the request is. Local mode: everybody is the one person at this machine."""
        return LOCAL_PERSON

    def reader(self, request: Request) -> Reader:
        """Person, preferences and language; read once a request."""
        known = getattr(request.state, "reader", None)
        if known is None:
            person, now = self.person(request), time.time()
            with self.db.reading() as session:
                row = session.execute(READER, {"holder": person.holder, "now": now}).one()
                prefs, due = row[0] or {}, json.loads(row[1])
                left = 0
                if due:  # the day's limit, as the review page has it
                    done = review.reviews_on(session, person, zone_of(prefs, request.cookies), now)
                    left = max(review.wishes_of(prefs).a_day - done, 0)
            count = len(list(islice(self.bank.each_known(due), left)))
            known = request.state.reader = Reader(person, prefs, language(request, prefs), count)
        return cast(Reader, known)

    def lang(self, request: Request) -> str:
        """`en` or `zh`: by choice, by cookie, by the browser's languages."""
        return self.reader(request).lang

    def code_kata(self, name: str) -> Kata:
        """A kata that has code. Raises UnknownKata, NoCode."""
        kata = self.bank.kata(name)
        if kata.kind != "code":
            raise NoCode(kata=kata.id)
        return kata

    def render(self, request: Request, template: str, /, **values: Any) -> str:
        """A template with what every page knows."""
        reader = self.reader(request)
        words = catalogue(reader.lang)
        context = {
            "site": self,
            "request": request,
            "person": reader.person,
            "prefs": reader.prefs,
            "lang": reader.lang,
            "review_due": reader.review_due,
            "_": words.gettext,
            "gettext": words.gettext,
            "ngettext": words.ngettext,
            "nonce": getattr(request.state, "nonce", ""),
            "path": request.url.path,
            "asset": self.assets.address,
            "worker_alive": self.hub.alive,
            "worker": self.hub.status,
            **values,
        }
        return self.templates.get_template(template).render(context)

    def page(self, request: Request, template: str, status: int = 200, /, **values: Any) -> HTMLResponse:
        """A page, or a fragment of one."""
        return HTMLResponse(self.render(request, template, **values), status)


def environment() -> Environment:
    """Jinja2 that escapes everything and knows no undefined name."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.filters.update(FILTERS)
    return made


def language(request: Request, prefs: dict[str, Any]) -> str:
    """Choice, cookie, Accept-Language, in this order."""
    for given in (prefs.get("lang"), request.cookies.get("lang")):
        if given in LANGUAGES:
            return cast(str, given)
    return preferred(request.headers.get("accept-language", ""))


async def the_site(request: Request) -> Site:
    """The site of the application that answers."""
    return cast(Site, request.app.state.site)


SiteDep = Annotated[Site, Depends(the_site)]
