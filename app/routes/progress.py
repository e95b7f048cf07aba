"""What a person has solved; export, import, delete."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
