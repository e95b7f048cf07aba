"""Health, and what the web process is made of."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from app.db import DatabaseTrouble
from app.hub import WorkerStatus
from tests.app.webs import KATA, Web
from tests.conftest import ROOT


def test_without_a_worker_pages_work_and_health_says_what_does_not(web: Web) -> None:
    web.client.post("/api/submissions", json={"kata": KATA, "code": "x = 1"})
    answer = web.client.get("/api/health")
    health = answer.json()
    assert answer.status_code == 200
    assert (health["status"], health["database"], health["waiting"]) == ("degraded", "ok", 1)
    assert health["worker"] == {"alive": False, "ready": False, "lanes": 0, "isolation": "", "trouble": ""}


def test_with_a_worker_all_is_well(web: Web) -> None:
    web.hub.alive, web.hub.status = True, WorkerStatus(ready=True, lanes=2, isolation="full")
    assert web.client.get("/api/health").json()["status"] == "ok"
    web.hub.status = WorkerStatus(trouble="isolation", why="no user namespaces")
    health = web.client.get("/api/health").json()
    assert (health["status"], health["worker"]["trouble"]) == ("degraded", "isolation")


def test_without_a_database_it_is_down(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def trouble() -> None:
        raise DatabaseTrouble("full")

    monkeypatch.setattr(web.db, "reading", trouble)
    answer = web.client.get("/api/health")
    assert answer.status_code == 503
    assert (answer.json()["status"], answer.json()["database"]) == ("down", "full")


def test_the_web_process_never_loads_torch() -> None:
    script = (
        "import json, sys\n"
        "import app.serving, app.web\n"
        "print(json.dumps([name for name in sys.modules if name.split('.')[0] in ('torch', 'numpy')\n"
        "    or name in ('graders.grade', 'graders.sandbox', 'app.lanes')]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert json.loads(done.stdout) == []
