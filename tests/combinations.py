"""The one table of answers that must render, and of answers that must be refused.

Each row changes one answer of the defaults. A row's name says what it is about.
"""

from __future__ import annotations

REGRESSION_SUPPORTED: dict[str, dict[str, str]] = {
    "defaults": {},
    "metric-mae": {"metric": "mae"},
    "metric-r2": {"metric": "r2"},
    "bound-negative": {"metric": "r2", "metric_bound": "-0.5"},
    "bound-decimal": {"metric_bound": "54.75"},
    "bound-none": {"metric_bound": "none"},
    "source-s3-file": {"data_source": "s3://acme-data/house-prices/2026/prices.parquet"},
    "source-s3-prefix": {"data_source": "s3://acme-data/house-prices/"},
    "source-athena": {"data_source": "athena://sales/house_prices"},
    "source-local-parquet": {"data_source": "data/house_prices.parquet"},
    "target-with-spaces": {"target_column": "Sale price"},
    "name-shortest": {"project_name": "x"},
    "name-longest": {"project_name": "n" * 64},
    "slug-longest": {"project_slug": "n" * 40},
    "name-punctuation": {"project_name": "House-prices_v2.1 EU", "project_slug": "house-prices"},
    "name-number-first": {"project_name": "2026 prices"},
    "name-yaml-word": {"project_name": "No", "project_slug": "no"},
    "description-punctuation": {
        "description": "Prices (EUR): flats, houses; by week/month + trend."
    },
    "owner-address": {"owner": "first.last+ml@example.com"},
    "region-gov": {"aws_region": "us-gov-west-1"},
    "region-asia": {"aws_region": "ap-southeast-2"},
    "layout-monorepo": {"repo_layout": "monorepo"},
}

# answers, and what the message must name
REGRESSION_REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "name-empty": ({"project_name": " ", "project_slug": "x"}, "project_name"),
    "name-command": ({"project_name": "x $(id)", "project_slug": "x"}, "project_name"),
    "name-quote": ({"project_name": 'x"; rm -rf y', "project_slug": "x"}, "project_name"),
    "name-newline": ({"project_name": "x\ny: z", "project_slug": "x"}, "project_name"),
    "name-look-alike": ({"project_name": "h\u043euse", "project_slug": "x"}, "project_name"),
    "name-too-long": ({"project_name": "n" * 65, "project_slug": "x"}, "project_name"),
    "slug-upper-case": ({"project_slug": "House"}, "project_slug"),
    "slug-underscore": ({"project_slug": "house_prices"}, "project_slug"),
    "slug-number-first": ({"project_slug": "1house"}, "project_slug"),
    "slug-hyphen-last": ({"project_slug": "house-"}, "project_slug"),
    "slug-too-long": ({"project_slug": "n" * 41}, "project_slug"),
    "description-two-lines": ({"description": "first\nsecond"}, "description"),
    "description-markup": ({"description": "<script>alert(1)</script>"}, "description"),
    "owner-command": ({"owner": "`id`"}, "owner"),
    "source-absolute": ({"data_source": "/etc/passwd.csv"}, "data_source"),
    "source-parent": ({"data_source": "../../other/table.csv"}, "data_source"),
    "source-spreadsheet": ({"data_source": "data/prices.xlsx"}, "data_source"),
    "source-bare-bucket": ({"data_source": "s3://acme-data"}, "data_source"),
    "source-web": ({"data_source": "https://example.com/prices.csv"}, "data_source"),
    "source-athena-injection": ({"data_source": "athena://sales/x; drop table y"}, "data_source"),
    "target-empty": ({"target_column": ""}, "target_column"),
    "target-quote": ({"target_column": "price'"}, "target_column"),
    "bound-word": ({"metric_bound": "low"}, "metric_bound"),
    "bound-not-a-number": ({"metric_bound": "nan"}, "metric_bound"),
    "bound-exponent": ({"metric_bound": "1e9"}, "metric_bound"),
    "region-word": ({"aws_region": "Ireland"}, "aws_region"),
}

REVISION = "0123456789abcdef0123456789abcdef01234567"
LLM_FINETUNE_SUPPORTED: dict[str, dict[str, str]] = {
    "defaults": {},
    "method-dpo": {"method": "dpo"},
    "method-both": {"method": "sft+dpo"},
    "tuning-qlora": {"tuning": "qlora"},
    "tuning-full": {"tuning": "full"},
    "metric-f1": {"metric": "f1"},
    "metric-rouge": {"metric": "rouge_l"},
    "metric-json": {"metric": "json_validity", "metric_bound": "0.95"},
    "bound-none": {"metric_bound": "none"},
    "base-hub": {"base_model": "acme-labs/Base_8B-v0.2", "base_revision": REVISION},
    "base-hub-full": {
        "base_model": "acme/base-1b",
        "base_revision": REVISION,
        "tuning": "full",
        "method": "sft+dpo",
    },
    "base-s3": {"base_model": "s3://acme-models/base-8b/"},
    "base-folder": {"base_model": "models/ours"},
    "source-s3-prefix": {"data_source": "s3://acme-data/answers/"},
    "source-athena": {"data_source": "athena://support/answers"},
    "source-local-parquet": {"data_source": "data/answers.parquet"},
    "name-punctuation": {"project_name": "Order-desk_v2.1 EU", "project_slug": "order-desk"},
    "name-yaml-word": {"project_name": "No", "project_slug": "no"},
    "description-punctuation": {"description": "Answers orders (EU): items, towns; by mail."},
    "owner-address": {"owner": "first.last+ml@example.com"},
    "region-asia": {"aws_region": "ap-southeast-2"},
    "layout-monorepo": {"repo_layout": "monorepo"},
}

LLM_FINETUNE_REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "name-command": ({"project_name": "x $(id)", "project_slug": "x"}, "project_name"),
    "slug-upper-case": ({"project_slug": "Orders"}, "project_slug"),
    "description-two-lines": ({"description": "first\nsecond"}, "description"),
    "owner-command": ({"owner": "`id`"}, "owner"),
    "source-table": ({"data_source": "data/answers.csv"}, "data_source"),
    "source-parent": ({"data_source": "../answers.jsonl"}, "data_source"),
    "base-parent": ({"base_model": "models/../../etc"}, "base_model"),
    "base-web": ({"base_model": "https://example.com/model"}, "base_model"),
    "base-name-alone": ({"base_model": "base-8b"}, "base_model"),
    "base-quote": ({"base_model": 'acme/base"'}, "base_model"),
    "revision-branch": (
        {"base_model": "acme/base-8b", "base_revision": "main"},
        "base_revision",
    ),
    "revision-short": (
        {"base_model": "acme/base-8b", "base_revision": "0123456"},
        "base_revision",
    ),
    "bound-above-one": ({"metric_bound": "60"}, "metric_bound"),
    "bound-word": ({"metric_bound": "high"}, "metric_bound"),
    "region-word": ({"aws_region": "Ireland"}, "aws_region"),
}

RAG_SUPPORTED: dict[str, dict[str, str]] = {
    "defaults": {},
    "embedding-sentence-transformers": {"embedding": "sentence_transformers"},
    "embedding-sagemaker": {"embedding": "sagemaker"},
    "embedding-bedrock": {"embedding": "bedrock"},
    "generation-bedrock": {"generation": "bedrock"},
    "generation-bedrock-europe": {"generation": "bedrock", "aws_region": "eu-central-1"},
    "generation-bedrock-america": {"generation": "bedrock", "aws_region": "us-east-1"},
    "generation-bedrock-asia": {"generation": "bedrock", "aws_region": "ap-southeast-2"},
    "all-bedrock": {"embedding": "bedrock", "generation": "bedrock"},
    "metric-mrr": {"metric": "mrr"},
    "metric-ndcg": {"metric": "ndcg_at_10", "metric_bound": "0.45"},
    "bound-none": {"metric_bound": "none"},
    "bound-one": {"metric_bound": "1"},
    "source-folder": {"data_source": "handbook/pages/"},
    "source-file-table": {"data_source": "tickets.parquet"},
    "source-file-document": {"data_source": "documents/handbook.pdf"},
    "source-s3-prefix": {"data_source": "s3://acme-data/handbook/"},
    "source-s3-file": {"data_source": "s3://acme-data/handbook/pages.csv"},
    "source-athena": {"data_source": "athena://support/answers"},
    "name-punctuation": {"project_name": "Team-handbook_v2.1 EU", "project_slug": "handbook"},
    "name-number-first": {"project_name": "2026 handbook"},
    "name-yaml-word": {"project_name": "No", "project_slug": "no"},
    "description-punctuation": {"description": "Answers (EU): pages, tables; by team/unit."},
    "owner-address": {"owner": "first.last+ml@example.com"},
    "region-gov": {"aws_region": "us-gov-west-1"},
    "layout-monorepo": {"repo_layout": "monorepo"},
    "layout-monorepo-s3": {"repo_layout": "monorepo", "data_source": "s3://acme-data/handbook/"},
}

RAG_REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "name-command": ({"project_name": "x $(id)", "project_slug": "x"}, "project_name"),
    "slug-upper-case": ({"project_slug": "Handbook"}, "project_slug"),
    "description-two-lines": ({"description": "first\nsecond"}, "description"),
    "owner-command": ({"owner": "`id`"}, "owner"),
    "source-absolute": ({"data_source": "/etc/"}, "data_source"),
    "source-parent": ({"data_source": "../handbook/"}, "data_source"),
    "source-hidden-parent": ({"data_source": "corpus/../../x/"}, "data_source"),
    "source-without-slash": ({"data_source": "corpus"}, "data_source"),
    "source-archive": ({"data_source": "handbook.zip"}, "data_source"),
    "source-bare-bucket": ({"data_source": "s3://acme-data"}, "data_source"),
    "source-web": ({"data_source": "https://example.com/handbook/"}, "data_source"),
    "source-athena-injection": ({"data_source": "athena://x/y; drop table z"}, "data_source"),
    "source-quote": ({"data_source": 'corpus"/'}, "data_source"),
    "bound-above-one": ({"metric_bound": "60"}, "metric_bound"),
    "bound-negative": ({"metric_bound": "-0.1"}, "metric_bound"),
    "bound-word": ({"metric_bound": "high"}, "metric_bound"),
    "region-word": ({"aws_region": "Ireland"}, "aws_region"),
}

SUPPORTED = {
    "regression": REGRESSION_SUPPORTED,
    "llm_finetune": LLM_FINETUNE_SUPPORTED,
    "rag": RAG_SUPPORTED,
}
REFUSED = {
    "regression": REGRESSION_REFUSED,
    "llm_finetune": LLM_FINETUNE_REFUSED,
    "rag": RAG_REFUSED,
}

SUPPORTED_ROWS = [(template, row) for template, rows in SUPPORTED.items() for row in rows]
REFUSED_ROWS = [(template, row) for template, rows in REFUSED.items() for row in rows]
