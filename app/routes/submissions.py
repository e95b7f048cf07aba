"""Submitting, the submission page, its result and its stream."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
