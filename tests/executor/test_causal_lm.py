"""Causal language models of Hugging Face, cut by layers: what they compute, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gapweave.executor.ready_made.causal_lm import causal_lm_stages
from gapweave.executor.ready_made.config_file import configured_stages
from gapweave.executor.ready_made.jobs import training_job
from gapweave.executor.ready_made.spec import ModelSpec
from gapweave.executor.training.signature import output_signatures
from gapweave.models.errors import InvalidFile, InvalidOption

transformers = pytest.importorskip("transformers", minversion="5")

_ROTARY = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 4,
    "vocab_size": 256,
    "max_position_embeddings": 16,
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": None,
}
_ALTERNATING = {"layer_types": ["sliding_attention", "full_attention"] * 2, "sliding_window": 3}
_NEOX = {name: value for name, value in _ROTARY.items() if name not in ("num_key_value_heads", "head_dim")}
_OPT = {name: value for name, value in _NEOX.items() if name != "intermediate_size"}
#: The architectures that docs/training-jobs.md says are tested.
MODELS: dict[str, dict[str, Any]] = {
    "gpt2": {"n_embd": 16, "n_layer": 4, "n_head": 4, "n_positions": 16, "vocab_size": 256}
    | dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0)
    | dict.fromkeys(("bos_token_id", "eos_token_id")),
    "llama": _ROTARY,
    "mistral": _ROTARY | {"sliding_window": 3},
    "qwen2": _ROTARY | _ALTERNATING | {"use_sliding_window": True},
    "qwen3": _ROTARY,
    "gemma2": _ROTARY | _ALTERNATING,
    "phi": _ROTARY,
    "gpt_neox": _NEOX,
    "opt": _OPT | {"ffn_dim": 32, "word_embed_proj_dim": 16, "dropout": 0.0},
}


def config_of(kind: str, **more: Any) -> Any:
    return transformers.AutoConfig.for_model(kind, **MODELS[kind] | {"tie_word_embeddings": False} | more)


def through(parts: list[nn.Module], values: Tensor) -> Tensor:
    for part in parts:
        values = part(values)
    return values


@pytest.mark.parametrize("stages", [1, 3])
@pytest.mark.parametrize("kind", MODELS)
def test_a_cut_model_computes_and_learns_bitwise_what_the_whole_one_does(kind: str, stages: int) -> None:
    whole = transformers.AutoModelForCausalLM.from_config(config_of(kind)).train()
    parts = [build().train() for build in causal_lm_stages(config_of(kind), stages)]  # type: ignore[operator]
    weights = whole.state_dict()
    for part in parts:
        part.model.load_state_dict({name: weights.pop(name) for name in part.model.state_dict()})
    assert not weights

    tokens = torch.randint(256, (2, 12))
    logits, expected = through(parts, tokens), whole(tokens).logits
    assert torch.equal(logits, expected)
    for output in (logits, expected):
        output.square().mean().backward()
    gradients = {name: value.grad for part in parts for name, value in part.model.named_parameters()}
    assert gradients.keys() == dict(whole.named_parameters()).keys()
    assert all(torch.equal(gradients[name], value.grad) for name, value in whole.named_parameters())


@pytest.mark.parametrize("kind", MODELS)
def test_weights_are_drawn_as_the_model_itself_draws_them(kind: str) -> None:
    whole = transformers.AutoModelForCausalLM.from_config(config_of(kind))
    for build in causal_lm_stages(config_of(kind), 2):
        part = build().model  # type: ignore[operator]
        for name, weight in part.named_parameters():
            torch.testing.assert_close(weight.std(), whole.get_parameter(name).std(), rtol=0.3, atol=1e-6)
        for name, buffer in part.named_buffers():
            assert torch.equal(buffer, whole.get_buffer(name))


def test_a_head_that_is_tied_has_weights_of_its_own() -> None:
    first, last = (build() for build in causal_lm_stages(config_of("gpt2", tie_word_embeddings=True), 2))  # type: ignore[operator]
    assert "transformer.wte.weight" in dict(first.model.named_parameters())
    assert "lm_head.weight" in dict(last.model.named_parameters())


@pytest.mark.parametrize(
    ("kind", "words", "problem"),
    [
        (
            "bert",
            {},
            r"BertLMHeadModel cannot be cut .* expected embeddings, one list of layers, a final norm",
        ),
        ("bloom", {}, r"found word_embeddings \(Embedding\), word_embeddings_layernorm \(LayerNorm\), h"),
        ("opt", {"do_layer_norm_before": False}, "OPTForCausalLM cannot be cut"),
        ("t5", {}, "T5Config: transformers has no causal language model"),
    ],
)
def test_a_model_of_another_build_is_refused(kind: str, words: dict[str, Any], problem: str) -> None:
    config = transformers.AutoConfig.for_model(kind, **words)
    with pytest.raises(InvalidOption, match=problem):
        causal_lm_stages(config, 2)


def test_layers_that_share_weights_are_refused() -> None:
    config = transformers.ZambaConfig(num_hidden_layers=24, hidden_size=64, vocab_size=256)
    with pytest.raises(InvalidOption, match="ZambaForCausalLM cannot be cut into stages: its layers share"):
        causal_lm_stages(config, 2)


def test_fewer_layers_than_stages_are_refused() -> None:
    with pytest.raises(InvalidOption, match="layers: expected at least one for each of 5 stages, got 4"):
        causal_lm_stages(config_of("llama"), 5)


def written(folder: Path, **values: Any) -> ModelSpec:
    """A model whose configuration is a file."""
    file = folder / "config.json"
    file.write_text(json.dumps(values))
    return ModelSpec("hf", sequence=8, config=str(file))


def test_a_file_describes_a_job_whose_stages_fit_together(tmp_path: Path) -> None:
    spec = written(tmp_path, model_type="qwen2", **MODELS["qwen2"])
    job = training_job(spec, 2, None, seed=1)
    inputs, target = job.microbatch(0, 0)
    hidden = job.stages[0]()(inputs)  # type: ignore[operator]
    ((shape,),) = output_signatures(job, 1)
    assert (hidden.shape, hidden.dtype) == shape
    assert job.loss(job.stages[1]()(hidden), target).isfinite()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, "model_type: expected one that transformers knows, got None"),
        ({"model_type": "none"}, "model_type: expected one that transformers knows, got 'none'"),
        (
            MODELS["llama"] | {"model_type": "llama", "vocab_size": 255},
            "vocab_size: expected at least 256 .* 255",
        ),
        (
            MODELS["llama"] | {"model_type": "llama", "max_position_embeddings": 7},
            "max_position_embeddings: expected at least 8 .* 7",
        ),
        (MODELS["llama"] | {"model_type": "llama", "hidden_size": "wide"}, "config.json: .*hidden_size"),
    ],
)
def test_a_file_that_describes_no_model_is_refused(
    tmp_path: Path, values: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InvalidFile, match=problem):
        configured_stages(written(tmp_path, **values), 2)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no JSON")
    for name, problem in (("nowhere", "cannot be read: No such file"), ("text", "no JSON")):
        with pytest.raises(InvalidFile, match=problem):
            configured_stages(ModelSpec("hf", config=str(tmp_path / name)), 2)
