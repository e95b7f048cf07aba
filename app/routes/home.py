"""The list of katas."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
