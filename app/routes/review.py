"""The daily queue of what is about to be forgotten."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
