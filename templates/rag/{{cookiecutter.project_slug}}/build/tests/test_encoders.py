"""Encoders give vectors of length 1, are saved without code, and say what they do not accept."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber
from corpus_files import article

from source.encoder_bedrock import BedrockEncoder, family_of
from source.encoder_fitted import FittedEncoder, fit
from source.encoder_sagemaker import SageMakerEncoder
from source.encoders import Encoder, EncoderUnusable, open_encoder
from source.index_settings import EmbeddingSettings

TEXTS = [article(number) for number in range(30)]


@pytest.fixture(scope="module")
def fitted() -> FittedEncoder:
    return fit(TEXTS, dimension=16, language="en", fitted_on=["a", "b", "c", "d"])


def test_fitted_vectors_are_unit_and_nearest_to_their_own_text(fitted: FittedEncoder) -> None:
    vectors = fitted.encode(TEXTS)
    assert vectors.shape == (30, 16) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    full = fit(TEXTS, dimension=29, language="en")
    question = full.encode(["what is the weight of gadget7x"], kind="question")[0]
    assert int((full.encode(TEXTS) @ question).argmax()) == 7
    assert not fitted.encode(["zzz unknownword"]).any()
    assert fitted.encode([]).shape == (0, 16)


def test_the_same_passages_give_the_same_encoder(fitted: FittedEncoder) -> None:
    again = fit(TEXTS, dimension=16, language="en")
    assert again.fingerprint == fitted.fingerprint
    assert fit(TEXTS[1:], dimension=16, language="en").fingerprint != fitted.fingerprint


def test_a_fitted_encoder_is_saved_as_lists_and_numbers(
    fitted: FittedEncoder, tmp_path: Path
) -> None:
    fitted.save(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".npy"}
    loaded = open_encoder(tmp_path)
    assert np.array_equal(loaded.encode(TEXTS), fitted.encode(TEXTS))
    assert isinstance(loaded, FittedEncoder) and loaded.fitted_on == frozenset("abcd")
    assert loaded.changed_share(["a", "b", "c", "e"]) == pytest.approx(2 / 5)
    directions = np.load(tmp_path / "directions.npy")
    np.save(tmp_path / "directions.npy", directions[::-1])
    with pytest.raises(EncoderUnusable, match="not fitted together"):
        open_encoder(tmp_path)
    (tmp_path / "weights.npy").write_bytes(b"torn")
    with pytest.raises(EncoderUnusable, match="build the index again"):
        open_encoder(tmp_path)


def test_too_little_to_fit_on_is_said(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnusable, match=r"1 passages .* too few"):
        fit(["one two"])
    with pytest.raises(EncoderUnusable, match="no fitted encoder"):
        open_encoder(tmp_path, EmbeddingSettings())


def stream(document: Any) -> StreamingBody:
    content = json.dumps(document).encode()
    return StreamingBody(io.BytesIO(content), len(content))


def client(service: str) -> Any:
    return boto3.client(
        service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )


def test_titan_is_asked_text_by_text() -> None:
    settings = EmbeddingSettings(
        kind="bedrock", model="amazon.titan-embed-text-v2:0", dimension=256
    )
    runtime = client("bedrock-runtime")
    encoder = BedrockEncoder(settings, family_of(settings), runtime)
    with Stubber(runtime) as stub:
        body = {"inputText": "hello", "dimensions": 256, "normalize": True}
        stub.add_response(
            "invoke_model",
            {"body": stream({"embedding": [3.0, 4.0] + [0.0] * 254}), "contentType": "a/b"},
            {
                "modelId": settings.model,
                "contentType": "application/json",
                "accept": "application/json",
                "body": json.dumps(body),
            },
        )
        vectors = encoder.encode(["hello"])
        stub.assert_no_pending_responses()
    assert vectors[0, :2].tolist() == pytest.approx([0.6, 0.8])
    assert encoder.max_tokens == 8192


def test_cohere_is_told_whether_it_reads_a_question() -> None:
    settings = EmbeddingSettings(kind="bedrock", model="eu.cohere.embed-multilingual-v3")
    runtime = client("bedrock-runtime")
    encoder = BedrockEncoder(settings, family_of(settings), runtime)
    for kind, name in (("passage", "search_document"), ("question", "search_query")):
        sent = {
            "texts": ["a", "b"],
            "input_type": name,
            "truncate": "NONE",
            "embedding_types": ["float"],
        }
        with Stubber(runtime) as stub:
            stub.add_response(
                "invoke_model",
                {"body": stream({"embeddings": {"float": [[1.0] * 1024] * 2}}), "contentType": "j"},
                {"modelId": ANY, "contentType": ANY, "accept": ANY, "body": json.dumps(sent)},
            )
            assert encoder.encode(["a", "b"], kind=kind).shape == (2, 1024)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"embedding": [1.0, 2.0]}, r"shape \(1, 2\).*check embedding.dimension"),
        ({"vector": []}, "a shape that is not known: KeyError"),
        ({"embedding": [float("nan")] * 1024}, "not finite"),
    ],
)
def test_what_bedrock_must_not_answer_is_refused(answer: Any, message: str) -> None:
    settings = EmbeddingSettings(kind="bedrock", model="amazon.titan-embed-text-v2:0")
    runtime = client("bedrock-runtime")
    with Stubber(runtime) as stub:
        stub.add_response("invoke_model", {"body": stream(answer), "contentType": "a/b"})
        with pytest.raises(EncoderUnusable, match=message):
            BedrockEncoder(settings, family_of(settings), runtime).encode(["x"])


def test_a_refusal_of_the_service_is_passed_on() -> None:
    settings = EmbeddingSettings(kind="bedrock", model="amazon.titan-embed-text-v2:0")
    runtime = client("bedrock-runtime")
    with Stubber(runtime) as stub:
        stub.add_client_error("invoke_model", "AccessDeniedException", "no access to the model")
        with pytest.raises(EncoderUnusable, match=r"titan.*no access to the model"):
            BedrockEncoder(settings, family_of(settings), runtime).encode(["x"])


def test_models_whose_requests_are_not_known_are_refused() -> None:
    with pytest.raises(EncoderUnusable, match=r"'acme.embed' is not known"):
        family_of(EmbeddingSettings(kind="bedrock", model="acme.embed"))
    with pytest.raises(EncoderUnusable, match=r"512; cohere.embed-english-v3 gives 1024"):
        family_of(EmbeddingSettings(kind="bedrock", model="cohere.embed-english-v3", dimension=512))


def test_an_endpoint_is_asked_in_batches_and_must_answer_each_text() -> None:
    settings = EmbeddingSettings(kind="sagemaker", model="embedder", dimension=2, batch_size=2)
    runtime = client("sagemaker-runtime")
    encoder: Encoder = SageMakerEncoder(settings, runtime)
    with Stubber(runtime) as stub:
        stub.add_response(
            "invoke_endpoint",
            {"Body": stream([[0.0, 2.0], [1.0, 0.0]])},
            {
                "EndpointName": "embedder",
                "ContentType": "application/json",
                "Accept": "application/json",
                "Body": json.dumps({"inputs": ["a", "b"], "truncate": False}),
            },
        )
        assert encoder.encode(["a", "b"]).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    with Stubber(runtime) as stub:
        stub.add_response("invoke_endpoint", {"Body": stream([[1.0, 0.0]])})
        with pytest.raises(EncoderUnusable, match="2 texts were sent"):
            encoder.encode(["a", "b"])


def test_a_remote_encoder_is_saved_by_name_and_another_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    settings = EmbeddingSettings(kind="sagemaker", model="embedder", dimension=2)
    open_encoder(None, settings).save(tmp_path)
    assert open_encoder(tmp_path).dimension == 2
    path = tmp_path / "encoder.json"
    path.write_text(path.read_text().replace('"embedder"', '"other"'))
    with pytest.raises(EncoderUnusable, match="not the one that the index was made with"):
        open_encoder(tmp_path)


LIBRARY = """
import numpy as np

class Tokenizer:
    def __call__(self, text, **options):
        spans = [(i, i + 1) for i, c in enumerate(text) if not c.isspace()]
        special = [] if options.get("add_special_tokens") is False else [(0, 0), (0, 0)]
        return {"input_ids": [0] * (len(spans) + len(special)), "offset_mapping": special + spans}

class SentenceTransformer:
    def __init__(self, folder, local_files_only=False, truncate_dim=None):
        assert local_files_only
        self.size, self.tokenizer = truncate_dim or 8, Tokenizer()
        self.prompts = {"query": "ask: ", "document": ""}

    def get_max_seq_length(self):
        return 64

    def encode(self, texts, prompt_name=None, show_progress_bar=True, batch_size=32):
        mark = 2.0 if prompt_name == "query" else 1.0
        rows = [[mark * (1 + sum(map(ord, t)) % (n + 2)) for n in range(self.size)] for t in texts]
        return np.array(rows, dtype="float32")
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for sentence-transformers, which brings torch, and the folder of a model."""
    package = tmp_path / "site" / "sentence_transformers"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(LIBRARY)
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.delitem(sys.modules, "sentence_transformers", raising=False)
    model = tmp_path / "model"
    model.mkdir()
    (model / "modules.json").write_text("[]")
    (model / "weights").write_bytes(b"123")
    return model


def test_a_local_model_travels_with_its_files_and_limits(library: Path, tmp_path: Path) -> None:
    settings = EmbeddingSettings(kind="sentence_transformers", model=str(library))
    encoder = open_encoder(library, settings)
    assert encoder.dimension == 8
    # 64 positions, less 2 special tokens and the 4 of the longest prompt.
    assert encoder.max_tokens == 58
    assert encoder.token_spans("a b") == [(0, 1), (2, 3)]
    encoder.save(tmp_path / "saved")
    saved = open_encoder(tmp_path / "saved")
    assert saved.fingerprint == encoder.fingerprint
    assert np.array_equal(saved.encode(["x"]), encoder.encode(["x"]))
    (tmp_path / "saved" / "model" / "weights").write_bytes(b"124")
    with pytest.raises(EncoderUnusable, match="not the one that the index was made with"):
        open_encoder(tmp_path / "saved")


def test_what_is_no_local_model_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = EmbeddingSettings(kind="sentence_transformers", model="models/none")
    with pytest.raises(EncoderUnusable, match=r"models/none: .*no modules.json"):
        open_encoder(None, settings)
    (tmp_path / "modules.json").write_text("[]")
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(EncoderUnusable, match=r"add sentence-transformers to requirements.in"):
        open_encoder(tmp_path, settings)
