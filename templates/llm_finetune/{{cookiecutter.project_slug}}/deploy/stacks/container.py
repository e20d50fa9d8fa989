"""What the serving container is told, beside what the model package tells it.

The SageMaker image of vLLM turns each SM_VLLM_* variable into the engine's option of that name:
https://aws.github.io/deep-learning-containers/vllm/configuration/
"""

from stacks.stage_config import StageConfig

# Set by the sections of the configuration; in endpoint.environment they would contradict them.
_PREFIX = "SM_VLLM_"


def engine_environment(config: StageConfig) -> dict[str, str]:
    """The container's variables; the stage's own ones come last."""
    engine = config.engine
    variables = {
        f"{_PREFIX}MAX_MODEL_LEN": str(engine.context_tokens),
        f"{_PREFIX}MAX_NUM_SEQS": str(engine.concurrent_sequences),
        f"{_PREFIX}GPU_MEMORY_UTILIZATION": f"{engine.gpu_memory_share:g}",
        f"{_PREFIX}TENSOR_PARALLEL_SIZE": str(config.copies.gpus),
    }
    if config.adapter is not None:
        variables |= {
            f"{_PREFIX}ENABLE_LORA": "true",
            f"{_PREFIX}MAX_LORA_RANK": str(config.adapter.rank),
            f"{_PREFIX}MAX_LORAS": str(config.adapter.loaded),
        }
    return variables | config.endpoint.environment
