"""Models that run without code: their words, their layers, their data, and Hugging Face's own cut up."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from schedule_factory import build_schedule
from torch import nn

from gapweave import Instance
from gapweave.executor.ready_made.corpus import Corpus
from gapweave.executor.ready_made.hugging_face import configuration
from gapweave.executor.ready_made.jobs import ready_made_jobs, stages_of
from gapweave.executor.ready_made.layers import layers_of_stages
from gapweave.executor.ready_made.source import source_of, specs_from_source
from gapweave.executor.ready_made.spec import ModelSpec
from gapweave.models.errors import InvalidFile, InvalidOption

#: Models that need no file.
KINDS = ("transformer", "gpt2", "llama")
SPECS = st.builds(
    ModelSpec,
    kind=st.sampled_from(KINDS),
    layers=st.integers(0, 99),
    width=st.integers(1, 64).map(lambda number: 8 * number),
    heads=st.sampled_from((1, 2, 4)),
    sequence=st.integers(1, 4096),
    batch=st.integers(1, 64),
    dropout=st.floats(0, 0.99),
    learning_rate=st.floats(1e-9, 1e3),
    seed=st.integers(0, 2**31),
)


CONFIGURED = st.builds(
    ModelSpec,
    kind=st.just("hf"),
    sequence=st.integers(1, 4096),
    batch=st.integers(1, 64),
    config=st.sampled_from(("config.json", "folder/my model=1.json")),
)


@given(SPECS | CONFIGURED)
def test_a_model_in_one_word_reads_back(spec: ModelSpec) -> None:
    assert ModelSpec.parse(str(spec)) == spec


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("bert", "expected one of transformer, gpt2, llama, hf, got 'bert'"),
        ("gpt2:depth=3", "expected layers=.* got 'depth=3'"),
        ("gpt2:layers", "got 'layers'"),
        ("gpt2:layers=x", "layers: expected an integer, got 'x'"),
        ("gpt2:layers=-1", "layers: expected an integer >= 0, got -1"),
        ("gpt2:width=30,heads=4", "width: expected a multiple of 2 x heads = 8, got 30"),
        ("gpt2:dropout=1", "dropout: expected a number from 0 to below 1"),
        ("gpt2:learning_rate=nan", "learning_rate: expected a positive number"),
        ("gpt2:config=a.json", "config: goes with hf, not with gpt2"),
        ("hf", "config: expected a path without comma, got ''"),
        ("hf:config=a.json,layers=3", "layers: an hf model takes it from its config"),
        ("hf:config=a.json,dropout=0", "dropout: an hf model takes it from its config"),
    ],
)
def test_a_wrong_word_is_refused_by_key_and_value(text: str, problem: str) -> None:
    with pytest.raises(InvalidOption, match=problem):
        ModelSpec.parse(text)


@given(st.integers(1, 40), st.integers(0, 200))
def test_layers_are_dealt_out_evenly_and_the_last_stage_never_gets_most(stages: int, more: int) -> None:
    counts = layers_of_stages(stages + more, stages)
    assert sum(counts) == stages + more
    assert max(counts) - min(counts) <= 1
    assert counts[-1] == min(counts)


def test_fewer_layers_than_stages_are_refused() -> None:
    with pytest.raises(InvalidOption, match="layers: expected at least one for each of 4 stages, got 3"):
        layers_of_stages(3, 4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stages", [1, 2, 3])
def test_a_model_cut_into_stages_gives_logits_for_every_byte(kind: str, stages: int) -> None:
    spec = ModelSpec(kind, layers=3, sequence=8)
    values = torch.randint(256, (2, 8))
    for build in stages_of(spec, stages):
        values = build()(values)
    assert values.shape == (2, 8, 256)


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_a_cut_model_computes_what_hugging_face_computes(kind: str) -> None:
    transformers = pytest.importorskip("transformers")
    spec = ModelSpec(kind, layers=4, sequence=8, dropout=0.0)
    whole = {"gpt2": transformers.GPT2LMHeadModel, "llama": transformers.LlamaForCausalLM}[kind](
        configuration(spec, 4)
    ).train()
    parts = [build().train() for build in stages_of(spec, 3)]
    copy_weights(whole, parts)
    values = text = torch.randint(256, (2, 8))
    for part in parts:
        values = part(values)
    expected = whole(text).logits
    torch.testing.assert_close(values, expected)
    values.sum().backward()
    expected.sum().backward()
    head = parts[-1].lm_head.weight.grad
    torch.testing.assert_close(head, whole.lm_head.weight.grad)


def copy_weights(whole: nn.Module, parts: list[nn.Module]) -> None:
    """Give the parts the weights of the whole model, layer by layer in order."""
    inner = whole.transformer if hasattr(whole, "transformer") else whole.model
    layers = list(inner.h if hasattr(inner, "h") else inner.layers)
    for part in parts:
        for layer in part.h if hasattr(part, "h") else part.layers:
            layer.load_state_dict(layers.pop(0).state_dict())
        for name in ("wte", "wpe", "ln_f", "embed_tokens", "norm"):
            if getattr(part, name, None) is not None:
                getattr(part, name).load_state_dict(getattr(inner, name).state_dict())
        if part.lm_head is not None:
            part.lm_head.load_state_dict(whole.lm_head.state_dict())
    assert not layers


def test_the_shipped_corpus_is_read_without_a_name() -> None:
    inputs, target = Corpus.load(None, 16).microbatch(seed=1, step=2, index=3, batch=4, sequence=16)
    assert inputs.shape == target.shape == (4, 16)
    assert torch.equal(inputs[:, 1:], target[:, :-1])


def test_a_microbatch_is_the_same_whenever_it_is_asked_for() -> None:
    corpus = Corpus.load(None, 16)
    first = corpus.microbatch(1, 2, 3, 4, 16)
    others = [corpus.microbatch(*numbers, 4, 16) for numbers in ((1, 2, 4), (1, 3, 3), (2, 2, 3))]
    again = corpus.microbatch(1, 2, 3, 4, 16)
    assert all(map(torch.equal, first, again))
    assert not any(torch.equal(first[0], other[0]) for other in others)


@pytest.mark.parametrize(("content", "problem"), [(None, "cannot be read"), (b"short", "more than 16 bytes")])
def test_a_corpus_that_cannot_be_used_is_refused_by_name(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    file = tmp_path / "text"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidFile, match=problem):
        Corpus.load(file, 16)


def test_a_measured_instance_remembers_its_models() -> None:
    specs = [ModelSpec("gpt2", layers=3), ModelSpec()]
    instance = Instance.load("fusion-00").model_copy(update={"source": source_of(specs)})
    assert specs_from_source(instance) == specs


@pytest.mark.parametrize(
    "source", ["", "a paper", "gapweave profile", "gapweave profile {", 'gapweave profile ["x"]']
)
def test_any_other_source_names_no_models(source: str) -> None:
    instance = Instance.load("fusion-00").model_copy(update={"source": source})
    assert specs_from_source(instance) is None


def test_any_schedule_gets_jobs_with_as_many_stages() -> None:
    instance = Instance.load("opposed-v1")
    schedule = build_schedule(instance)
    jobs = ready_made_jobs(schedule)
    assert [len(job.stages) for job in jobs] == [len(job.stages) for job in instance.jobs]


def test_a_number_of_models_that_does_not_fit_is_refused() -> None:
    schedule = build_schedule(Instance.load("fusion-00"))
    with pytest.raises(InvalidOption, match="expected one, or one for each of"):
        ready_made_jobs(schedule, ["gpt2"] * (len(schedule.instance.jobs) + 1))
