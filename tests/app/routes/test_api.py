"""The JSON API: what it says of katas, submissions and syntax, and whether its description is right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.models import Kind, State
from app.queue import Ended, claim, finish
from tests.app.banks import write_kata
from tests.app.history import graded
from tests.app.webs import KATA, Client, Web, a_web


def test_the_list_of_katas_is_that_of_the_bank(web: Web) -> None:
    katas = web.client.get("/api/katas").json()["katas"]
    assert [kata["id"] for kata in katas] == [kata.id for kata in web.site.bank.katas()]
    assert {"id", "kind", "track", "level", "title", "entry", "url"} == katas[0].keys()
    assert katas[0]["title"].keys() == {"en", "zh"}


def test_a_broken_kata_is_named_and_hides_no_other(tmp_path: Path) -> None:
    write_kata(tmp_path / "bank", "whole", level=2)
    write_kata(tmp_path / "bank", "last", level=3)
    (write_kata(tmp_path / "bank", "damaged") / "kata.toml").write_text("nonsense")
    with a_web(tmp_path / "data", bank=tmp_path / "bank") as web:
        told = web.client.get("/api/katas").json()
        assert [kata["id"] for kata in told["katas"]] == ["whole", "last"]
        assert told["broken"] == ["damaged"]
        assert web.client.get("/api/katas/damaged").json()["error"]["code"] == "kata_broken"


def test_every_answer_that_any_route_may_give_is_in_the_description(web: Web) -> None:
    for path, methods in web.client.get("/api/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            assert {"400", "403", "414", "431", "500", "503"} <= operation["responses"].keys(), (path, method)


def test_a_kata_tells_the_task_and_not_the_answer(web: Web) -> None:
    kata = web.site.bank.kata(KATA)
    answer = web.client.get(f"/api/katas/{KATA}")
    told = answer.json()
    assert told["task"]["zh"] == kata.page("zh")["Task"]
    assert told["starter"] == kata.starter
    assert told["digest"] == kata.digest
    assert kata.page("en")["Answer"] not in answer.text
    concept = web.client.get("/api/katas/mha_what").json()
    assert (concept["kind"], concept["starter"]) == ("concept", None)


def test_a_submission_is_taken_followed_and_read(web: Web) -> None:
    answer = web.client.post("/api/submissions", json={"kata": KATA, "code": "x = 1\r\n"})
    assert answer.status_code == 202
    taken = answer.json()
    assert answer.headers["location"] == taken["api"]
    row = web.client.get(taken["api"]).json()
    assert (row["state"], row["place"], row["report"], row["code"]) == ("queued", 0, None, "x = 1\n")
    claimed = claim(web.db)
    assert claimed is not None
    assert claimed.token is not None
    report = json.dumps({"verdict": "passed", "cases": []})
    assert finish(web.db, claimed.id, claimed.token, Ended(State.DONE, "passed", 97.5, report))
    row = web.client.get(taken["api"]).json()
    assert (row["state"], row["verdict"], row["score"], row["place"]) == ("done", "passed", 97.5, None)
    assert row["report"] == {"verdict": "passed", "cases": []}
    assert web.client.post(f"{taken['api']}/cancel").status_code == 409


def test_submissions_are_listed_a_page_at_a_time(web: Web) -> None:
    for number in range(5):
        kind = "run" if number == 2 else "grade"
        web.client.post("/api/submissions", json={"kata": KATA, "code": f"x = {number}", "kind": kind})
    first = web.client.get("/api/submissions?limit=3").json()
    second = web.client.get("/api/submissions", params={"limit": 3, "before": first["before"]}).json()
    ids = [row["id"] for page in (first, second) for row in page["submissions"]]
    assert len(set(ids)) == 5
    assert second["before"] is None
    assert len(web.client.get(f"/api/submissions?kata={KATA}&kind=run").json()["submissions"]) == 1
    assert web.client.get("/api/submissions?kata=layer_norm").json()["submissions"] == []
    assert web.client.get("/api/submissions?kata=nowhere").status_code == 404
    for wrong in ("limit=0", "limit=9999", "before=nan", "before=-1", "kind=all", "limit=x"):
        assert web.client.get(f"/api/submissions?{wrong}").status_code == 422


def test_submissions_of_one_moment_are_all_listed(web: Web) -> None:
    wanted = sorted(graded(web.db, 3.0).id for _ in range(7))
    found: list[str] = []
    asked: dict[str, object] = {"limit": 3}
    while asked["limit"]:
        page = web.client.get("/api/submissions", params=asked).json()
        found += [row["id"] for row in page["submissions"]]
        asked = {"limit": 3 if page["last"] else 0, "before": page["before"], "last": page["last"]}
    assert found == wanted


def test_a_try_has_its_snippet(web: Web) -> None:
    given = {"kata": KATA, "code": "x = 1", "kind": "try", "snippet": "print(x)"}
    place = web.client.post("/api/submissions", json=given).json()["api"]
    row = web.client.get(place).json()
    assert (row["kind"], row["snippet"]) == (Kind.TRY, "print(x)")
    assert web.client.post("/api/submissions", json={**given, "snippet": ""}).status_code == 422


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"kata": "nowhere", "code": "x"}, 404, "kata_unknown"),
        ({"kata": "mha_what", "code": "x"}, 422, "kata_has_no_code"),
        ({"kata": KATA, "code": ""}, 422, "submission_empty"),
        ({"kata": KATA, "code": "\0"}, 422, "not_text"),
        ({"kata": KATA, "code": "x" * 300_000}, 413, "too_large"),
        ({"kata": KATA}, 422, "invalid_request"),
        ({"kata": KATA, "code": 1}, 422, "invalid_request"),
        ({"kata": KATA, "code": "x", "kind": "all"}, 422, "invalid_request"),
        ({"kata": KATA, "code": "x", "unheard": 1}, 422, "invalid_request"),
        ([], 422, "invalid_request"),
    ],
)
def test_what_is_wrong_is_said_in_one_shape(web: Web, given: object, status: int, code: str) -> None:
    answer = web.client.post("/api/submissions", json=given)
    assert answer.status_code == status
    assert answer.json().keys() == {"error"}
    assert answer.json()["error"].keys() == {"code", "message", "details"}
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize("path", ["/api/submissions", "/api/check"])
def test_half_a_surrogate_pair_is_no_text(web: Web, path: str) -> None:
    body = json.dumps({"kata": KATA, "code": "x = 1\n\ud800"})
    answer = web.client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_text")
    assert answer.json()["error"]["details"] == {"line": 2}


def test_the_same_name_and_content_is_one_submission(web: Web) -> None:
    given = {"kata": KATA, "code": "x = 1", "form_key": "mine"}
    assert len({web.client.post("/api/submissions", json=given).json()["id"] for _ in range(2)}) == 1


def test_syntax_is_checked_in_the_persons_language(web: Web) -> None:
    assert web.client.post("/api/check", json={"kata": KATA, "code": "x = 1\n"}).json() == {"ok": True, "errors": []}
    chinese = Client(web.app, **{"Accept-Language": "zh"})
    found = chinese.post("/api/check", json={"kata": KATA, "code": "def f(:\r\n"}).json()
    assert found["ok"] is False
    assert (found["errors"][0]["line"], found["errors"][0]["column"]) == (1, 7)
    assert "语法" in found["errors"][0]["message"]
    assert web.client.post("/api/check", json={"kata": KATA, "code": "x" * 300_000}).status_code == 413


def test_a_check_that_takes_too_long_says_so(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.site.checker, "check", lambda source: None)
    answer = web.client.post("/api/check", json={"kata": KATA, "code": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "check_unavailable")


def test_the_description_knows_the_api_and_nothing_else(web: Web) -> None:
    description = web.client.get("/api/openapi.json").json()
    assert all(path.startswith("/api/") for path in description["paths"])
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (path, method)
            assert operation["description"], (path, method)
            for status, answer in operation["responses"].items():
                assert "HTTPValidationError" not in json.dumps(answer), (path, status)
    assert web.client.get("/docs").status_code == 404
