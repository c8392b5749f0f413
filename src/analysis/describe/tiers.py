"""Tiers of schools: as sources print them, and the codes they are published under."""

from __future__ import annotations

TIERS = {"高职": "higher", "中职": "secondary"}
