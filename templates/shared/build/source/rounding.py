"""How a number is written for people, in messages, tables and reports alike."""

from __future__ import annotations


def number(value: float) -> str:
    """Four significant digits, without an exponent where none is needed."""
    return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
