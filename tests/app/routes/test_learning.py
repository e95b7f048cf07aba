"""Quiz, review and progress as JSON."""

from __future__ import annotations

import time
from typing import Any

from katas.quiz import read_quiz
from tests.app.history import DAY, graded
from tests.app.webs import Client, Web


def right(web: Web, kata: str) -> dict[str, list[str]]:
    return {
        question.id: [str(question.number.value)] if question.number else [str(place) for place in question.right]
        for question in read_quiz(web.site.bank.kata(kata)).questions
    }


def refused(client: Client, path: str, body: Any) -> tuple[int, str]:
    answer = client.post(path, json=body)
    return answer.status_code, answer.json()["error"]["code"]


def test_a_quiz_is_asked_answered_and_counted(web: Web) -> None:
    client = web.client
    sheet = client.get("/api/quizzes/mha_what").json()
    assert [question["kind"] for question in sheet["questions"]].count("numeric") == 2
    assert "right" not in str(sheet["questions"][0].keys())
    answers = right(web, "mha_what") | {"scale": ["64"], "why_heads": ["0"]}
    body = {"quiz": sheet["quiz"], "form_key": sheet["form_key"], "answers": answers}
    result = client.post("/api/quizzes/mha_what", json=body).json()
    assert (result["right"], result["total"], result["passed"]) == (6, 8, False)
    marks = {mark["id"]: mark for mark in result["marks"]}
    assert marks["scale"]["reasons"] == [
        "The root is missing. The variance is divided by the square of what you divide by."
    ]
    assert marks["why_heads"]["mark"] == "wrong"
    assert client.post("/api/quizzes/mha_what", json=body).json() == result  # sent twice
    [standing] = client.get("/api/progress").json()["katas"]
    assert (standing["kata"], standing["tries"], standing["best"], standing["status"]) == (
        "mha_what",
        1,
        75.0,
        "attempted",
    )


def test_a_sheet_is_refused_in_one_shape(web: Web) -> None:
    client = web.client
    sheet = client.get("/api/quizzes/mha_what").json()
    assert refused(client, "/api/quizzes/mha_what", {"quiz": "0", "answers": {}}) == (409, "stale")
    assert refused(client, "/api/quizzes/mha_what", {"quiz": sheet["quiz"], "answers": {}}) == (422, "quiz_empty")
    assert refused(client, "/api/quizzes/mha_what", {"quiz": 1})[0] == 422
    assert refused(client, "/api/quizzes/masked_softmax", {"quiz": "0", "answers": {}}) == (404, "not_found")
    assert client.get("/api/quizzes/nothing").status_code == 404


def test_the_queue_is_answered_and_an_answer_taken_back(web: Web) -> None:
    graded(web.db, time.time() - 20 * DAY)
    client = web.client
    queue = client.get("/api/review").json()
    [card] = queue["due"]
    assert (card["kata"], queue["waiting"], len(queue["forecast"])) == ("masked_softmax", 1, 30)
    assert queue["forecast"][0]["cards"] == 1
    body = {"rating": "good", "version": card["version"], "form_key": "tab-1"}
    first = client.post("/api/review/masked_softmax", json=body).json()
    assert (first["stale"], first["repeated"], first["rating"]) == (False, False, "good")
    second = client.post("/api/review/masked_softmax", json={**body, "form_key": "tab-2", "rating": "again"}).json()
    assert (second["stale"], second["version"]) == (True, first["version"] + 1)
    assert client.get("/api/review").json()["done_today"] == 2
    for key in ("tab-2", "tab-1", "tab-1"):
        assert client.post("/api/review/masked_softmax/undo", json={"form_key": key}).json() == {
            "kata": "masked_softmax"
        }
    queue = client.get("/api/review").json()
    assert (queue["done_today"], [one["due"] for one in queue["due"]]) == (0, [card["due"]])


def test_answers_to_cards_are_refused_in_one_shape(web: Web) -> None:
    client = web.client
    path = "/api/review/masked_softmax"
    assert refused(client, path, {"rating": "good", "version": 0}) == (404, "not_found")
    assert refused(client, path, {"rating": "perfect", "version": 0}) == (422, "invalid_request")
    assert refused(client, path, {"rating": "good"}) == (422, "invalid_request")
    assert refused(client, path, {"rating": "good", "version": 0, "form_key": "a b\u0000"})[0] == 422
    assert refused(client, f"{path}/undo", {"form_key": "nothing"}) == (404, "not_found")
    assert refused(client, "/api/review/nothing", {"rating": "good", "version": 0}) == (404, "kata_unknown")


def test_progress_has_shares_streak_and_days(web: Web) -> None:
    graded(web.db, time.time() - DAY)
    graded(web.db, time.time())
    found = web.client.get("/api/progress").json()
    assert (found["whole"]["solved"], found["streak"], found["longest"]) == (1, 2, 2)
    assert [day["count"] for day in found["days"]] == [1, 1]
    assert found["tracks"]["foundations"]["solved"] == 1
    assert found["levels"]["2"]["solved"] == 1
