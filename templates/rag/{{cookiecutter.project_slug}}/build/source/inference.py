"""The same application behind the handlers that AWS's inference toolkit calls; it does not stream.

For containers that bring a server of their own. `serving_app` is the application that streams.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from source import feedback, tracing
from source.answer_log import log_answer, log_failure
from source.application import Application, open_application
from source.generators import GenerationFailed
from source.json_requests import RefusedRequest
from source.serving_request import FeedbackRequest, Request, read_request

JSON = "application/json"


class BadRequest(ValueError):
    """What the toolkit answers with its status instead of 500."""

    def __init__(self, error: RefusedRequest) -> None:
        super().__init__(str(error))
        self.status_code = error.status


def model_fn(model_dir: str) -> Application:
    """Open the package. Raises `UserError`."""
    tracing.for_endpoint()
    return open_application(Path(model_dir))


def input_fn(body: bytes | str, content_type: str = JSON) -> Request:
    """The request in a body. Raises `BadRequest`."""
    try:
        if content_type.partition(";")[0].strip().lower() != JSON:
            raise RefusedRequest(
                f"content type {content_type!r} is not supported; send {JSON}", 415
            )
        request = read_request(body.encode() if isinstance(body, str) else body)
        if not isinstance(request, FeedbackRequest) and request.stream:
            raise RefusedRequest("this endpoint does not stream: leave stream out")
        return request
    except RefusedRequest as error:
        raise BadRequest(error) from error


def predict_fn(request: Request, application: Application) -> dict[str, Any]:
    """The document to answer with. Raises `GenerationFailed`."""
    if isinstance(request, FeedbackRequest):
        feedback.record(request.feedback)
        return {"recorded": True}
    try:
        answer = application.answerer.answer(request.asked(application.top_k))
    except GenerationFailed as error:
        log_failure(error)
        raise
    log_answer(answer, streamed=False)
    return answer.as_dict()


def output_fn(prediction: dict[str, Any], accept: str = JSON) -> tuple[str, str]:
    """Always JSON."""
    return json.dumps(prediction, ensure_ascii=False), JSON
