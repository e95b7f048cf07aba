"""Whether web, database and worker are well."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
