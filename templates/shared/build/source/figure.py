"""How every picture is drawn, as PNG: readable in print and colour-blind, the same bytes each time.

Colours are Okabe and Ito's. Figures are drawn without pyplot, which keeps global state and takes
longer to import.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, GREY, DARK = "#0072B2", "#D55E00", "#009E73", "#8C8C8C", "#333333"
DOTS_PER_INCH = 130
STYLE = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#999999",
    "axes.labelcolor": DARK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "xtick.color": DARK,
    "ytick.color": DARK,
    "legend.frameon": False,
    # Names come from the data: a dollar sign in one must not start a formula.
    "text.parse_math": False,
}


def png(size: tuple[float, float], panels: Sequence[Callable[[Axes], None]]) -> bytes:
    """Draw the panels side by side in a figure of `size` inches and return the PNG."""
    # A glyph that the font lacks becomes a box; that is no reason to fill the log.
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = Figure(figsize=size, dpi=DOTS_PER_INCH, layout="constrained")
        FigureCanvasAgg(figure)
        for position, draw in enumerate(panels):
            draw(figure.add_subplot(1, len(panels), position + 1))
        content = io.BytesIO()
        # No software version in the file: the same picture is the same bytes.
        figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def name_bars(axes: Axes, names: Sequence[str]) -> None:
    """Name horizontal bars at positions 0, 1, 2 and so on."""
    axes.set_yticks(range(len(names)), names)
    axes.grid(visible=False, axis="y")


def short(name: str, limit: int = 28) -> str:
    """A name that fits beside a bar."""
    return name if len(name) <= limit else name[: limit - 1] + "…"
