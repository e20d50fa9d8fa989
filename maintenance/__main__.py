"""`make workflows`: writes the workflows of a monorepo from those of the separate repositories."""

from __future__ import annotations

from maintenance.monorepo_workflows import WORKFLOWS, derived, sources

wanted = derived(sources())
WORKFLOWS.mkdir(parents=True, exist_ok=True)
for name, text in wanted.items():
    (WORKFLOWS / name).write_text(text, encoding="utf-8")
for file in WORKFLOWS.iterdir():
    if file.name not in wanted:
        file.unlink()
