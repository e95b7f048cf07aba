"""Answers to the quiz of a concept kata."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
