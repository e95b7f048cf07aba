"""A kata's page, its hints and its answer."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
