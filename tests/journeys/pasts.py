"""Somebody's past as an exported file: what is due today was learned weeks ago."""

from __future__ import annotations

import json
import time

from playwright.sync_api import FilePayload, Page

DAY = 86400.0
SUBMISSION = "5" * 32


def past() -> bytes:
    """A kata that was solved twenty days ago, and a quiz of ten days ago with three of eight right."""
    now = time.time()
    submission = {
        "id": SUBMISSION,
        "kata": "kv_cache_attention",
        "code": "class KVCacheAttention:\n    pass\n",
        "created": now - 20 * DAY,
        "finished": now - 20 * DAY + 1,
        "verdict": "passed",
        "score": 100,
        "report": None,
    }
    sheet = {
        "key": "past-quiz",
        "kind": "quiz",
        "kata": "mha_what",
        "at": now - 10 * DAY,
        "payload": {"answers": {"scale": ["64"]}, "right": 3, "total": 8, "passed": False, "quiz": "0" * 64},
    }
    whole = {"format": "torchkata-progress", "schema_version": 1, "exported": "2026-01-01T00:00:00+00:00"}
    return json.dumps(
        {**whole, "submissions": [submission], "events": [sheet], "drafts": [], "preferences": {}}
    ).encode()


def remember(page: Page) -> None:
    """Imports it, as the form on the progress page does."""
    file: FilePayload = {"name": "past.json", "mimeType": "application/json", "buffer": past()}
    while (answer := page.request.post("/progress/import", multipart={"file": file})).status == 429:
        page.wait_for_timeout(1000 * int(answer.headers["retry-after"]))  # the server is shared, and so is its patience
    assert answer.status == 200, answer.text()
