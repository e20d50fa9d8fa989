"""What an error gives away: searched by the tests that look for a leaked secret."""

from __future__ import annotations

import traceback


def everything_said(error: BaseException | None, within: str) -> str:
    """A traceback with causes, and every local variable of the code whose path holds `within`."""
    if error is None:
        return ""
    said = "".join(traceback.format_exception(error))
    trace = error.__traceback__
    while trace:
        if within in trace.tb_frame.f_code.co_filename:
            said += repr(trace.tb_frame.f_locals)
        trace = trace.tb_next
    return (
        said + everything_said(error.__cause__, within) + everything_said(error.__context__, within)
    )
