"""The engine as the window sees it: events in order, arrays that stay as they are, errors as events."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.causal.causal_model import build_causal, save_causal
from engine.language.tokenizers import train_tokenizer
from engine.models.loading import Model, load
from engine.models.own_layout import save
from engine.performing.diffusion_performer import DiffusionPerformer
from engine.performing.engine import Engine
from engine.protocol import (
    FREE,
    Event,
    Failed,
    Finished,
    Frame,
    Generate,
    Guess,
    Inspect,
    Introduced,
    Judge,
    Judged,
    LoadModel,
    ModelInfo,
    Request,
    Score,
    Started,
    Weigh,
    frozen,
)
from engine.protocol.sampler_table import SAMPLERS
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig

TOKENIZER = train_tokenizer(iter(["once upon a time"] * 3), 260)
REQUEST = Generate(frozen([5, FREE, FREE, 9, FREE]), steps=6, seed=1, samples=2)


@pytest.fixture(scope="module", params=["absorb", "uniform"])
def engine(request: pytest.FixtureRequest) -> Engine:
    torch.manual_seed(0)
    absorb = request.param == "absorb"
    network = NetworkConfig(TOKENIZER.vocabulary + absorb, length=16, hidden=16, blocks=1, heads=2, cond_dim=8)
    diffusion = Diffusion(DiffusionConfig(network, request.param, scale_by_sigma=absorb))
    for parameter in diffusion.network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    diffusion.network.eval()
    info = ModelInfo(
        "m", "m", request.param, "loglinear", 16, TOKENIZER.vocabulary, diffusion.graph.mask, 1, "cpu", "fp32"
    )
    return Engine(DiffusionPerformer(Model(diffusion, info, TOKENIZER)))


def info_of(engine: Engine) -> ModelInfo:
    assert engine.performer is not None
    return engine.performer.info


def replay(events: list[Event]) -> list[np.ndarray]:
    """The tokens after each step, rebuilt from what changed."""
    assert isinstance(events[0], Started)
    tokens = events[0].tokens.copy()
    history = [tokens.copy()]
    for event in events[1:-1]:
        assert isinstance(event, Frame)
        tokens[event.sample, event.position] = event.token
        history.append(tokens.copy())
    return history


def test_events_come_in_order_with_the_id_of_the_run(engine: Engine) -> None:
    events = list(engine.perform(7, REQUEST))
    assert {event.run_id for event in events} == {7}
    assert [event.step for event in events if isinstance(event, Frame)] == [1, 2, 3, 4, 5, 6]
    assert isinstance(events[-1], Finished)


def test_locked_tokens_stand_in_every_frame_and_the_end_is_clean(engine: Engine) -> None:
    history = replay(list(engine.perform(1, REQUEST)))
    for tokens in history:
        assert (tokens[:, [0, 3]] == [5, 9]).all()
    assert (history[-1] < TOKENIZER.vocabulary).all()


def test_the_same_request_gives_the_same_frames(engine: Engine) -> None:
    first, second = (replay(list(engine.perform(k, REQUEST))) for k in range(2))
    np.testing.assert_array_equal(first, second)


def test_published_frames_do_not_change_when_the_chain_goes_on(engine: Engine) -> None:
    events = engine.perform(1, REQUEST)
    started = next(events)
    assert isinstance(started, Started)
    before = started.tokens.copy()
    list(events)
    np.testing.assert_array_equal(started.tokens, before)
    assert not started.tokens.flags.writeable


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": 0}, "Steps must be a whole number from 1 to 65,536 and is 0"),
        ({"samples": 0}, "Samples must be"),
        ({"seed": -1}, "Seed must be"),
        ({"sampler": "magic"}, "analytic, euler"),
        ({"tokens": frozen([FREE] * 17)}, "1 to 16"),
        ({"tokens": frozen([])}, "1 to 16"),
        ({"tokens": frozen([100_000])}, "vocabulary"),
        ({"steps": 65_536, "samples": 4096}, "GiB"),
        ({"banned": (10**6,)}, "vocabulary"),
        ({"first_sample": -1}, "first_sample must be"),
        ({"limits": ((1, 2, (10**6,)),)}, "vocabulary"),
        ({"limits": ((3, 9, (1,)),)}, "no positions 3 to 8"),
        ({"limits": ((1, 2, ()),)}, "No token is allowed"),
        ({"first_step": 2}, "start from step 1"),
        ({"first_step": 99}, "cannot go on from step 99"),
        ({"start": frozen(np.zeros((2, 9), np.int64))}, "another size"),
        ({"spacing": "wavy"}, "spacing"),
        ({"spacing": (1.0, 0.9)}, "0"),
        ({"locking": "magic"}, "magic"),
        ({"temperature": -1.0}, "Temperature must be"),
        ({"temperature": math.nan}, "Temperature must be"),
        ({"top_p": 0.0}, "must be"),
        ({"top_p": 1.5}, "must be"),
        ({"options": (("theta", 0.4),)}, "theta"),
    ],
)
def test_a_request_that_makes_no_sense_is_answered_in_a_sentence(
    engine: Engine, change: dict[str, object], said: str
) -> None:
    (event,) = engine.perform(1, replace(REQUEST, **change))  # type: ignore[arg-type]
    assert isinstance(event, Failed)
    assert said in event.headline
    assert not event.detail


def test_banned_tokens_are_kept_out_and_patterns_need_absorbing_noise(engine: Engine) -> None:
    kept = tuple(token for token in range(TOKENIZER.vocabulary) if token not in (5, 9, 20, 21))
    final = replay(list(engine.perform(1, replace(REQUEST, banned=kept))))[-1]
    assert set(final.ravel().tolist()) <= {5, 9, 20, 21}
    asked = replace(REQUEST, tokens=frozen([FREE] * 4), pattern="[a-e]*")
    events = list(engine.perform(1, asked))
    if info_of(engine).noise == "uniform":
        assert isinstance(events[0], Failed)
        assert "absorbing noise" in events[0].headline
        return
    for row in replay(events)[-1]:
        assert set(TOKENIZER.decode(row.tolist()).split("<|endoftext|>")[0]) <= set("abcde")
    assert isinstance(events[-1], Finished)
    assert all(weight < 0 for weight in events[-1].log_weights)


def test_soft_locks_hold_at_their_positions_and_nowhere_else(engine: Engine) -> None:
    noise = info_of(engine).noise
    for sampler in [row.name for row in SAMPLERS if noise in row.noises and not row.biased]:
        request = replace(REQUEST, sampler=sampler, samples=4, limits=((1, 3, (7, 8)), (4, 5, (9,))), steps=8)
        ended = replay(list(engine.perform(2, request)))[-1]
        assert np.isin(ended[:, 1:3], (7, 8)).all(), sampler
        assert (ended[:, 4] == 9).all(), sampler
        assert (ended[:, [0, 3]] == [5, 9]).all()


def test_a_model_fills_the_run_with_words_of_the_list(engine: Engine) -> None:
    """The fault that was reported: two words of several tokens gave their tokens, mixed."""
    words = ("fox", "star")
    tokens = frozen([*TOKENIZER.encode("Once"), *[FREE] * 6])
    start = len(tokens) - 6
    request = Generate(tokens, steps=6, samples=6, limits=((start, start + 4, words),), banned=(0,))
    events = list(engine.perform(1, request))
    if info_of(engine).noise == "uniform":
        assert isinstance(events[0], Failed)
        assert '"fox" is not one token of this model' in events[0].headline
        return
    assert isinstance(events[-1], Finished)
    for row in replay(events)[-1].tolist():
        assert set(TOKENIZER.decode(row[start : start + 4]).split(" ")) <= {"", *words}
        assert not TOKENIZER.decode(row[start + 4 : start + 5])[:1].isalnum()


def test_a_run_goes_on_from_a_frame(engine: Engine) -> None:
    whole = list(engine.perform(1, REQUEST))
    history = replay(whole)
    mask = info_of(engine).mask_id
    middle = np.where(history[3] == mask, FREE, history[3]) if mask is not None else history[3]
    rest = list(engine.perform(2, replace(REQUEST, start=frozen(middle), first_step=4)))
    resumed = replay(rest)
    assert len(resumed) == len(history) - 3
    np.testing.assert_array_equal(resumed[0], history[3])
    if mask is not None:  # how often a noisy token has changed before is not known, a masked one never has
        np.testing.assert_array_equal(resumed[-1], history[-1])
    assert (resumed[-1][:, [0, 3]] == [5, 9]).all()


def test_masks_are_no_start_under_uniform_noise(engine: Engine) -> None:
    if info_of(engine).noise == "absorb":
        return
    (event,) = engine.perform(1, replace(REQUEST, start=frozen(np.full((2, 5), FREE))))
    assert isinstance(event, Failed)
    assert "no masked tokens" in event.headline


def test_without_a_model_a_run_is_answered_in_a_sentence() -> None:
    (event,) = Engine().perform(1, REQUEST)
    assert isinstance(event, Failed)
    assert "No model" in event.headline


def test_a_model_that_is_not_there_is_answered_in_a_sentence_and_the_old_one_stays(engine: Engine) -> None:
    before = engine.performer
    (event,) = engine.perform(1, LoadModel("/nowhere"))
    assert isinstance(event, Failed)
    assert engine.performer is before


def test_an_unexpected_error_comes_as_an_event_with_its_details(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a slip")

    monkeypatch.setattr("engine.performing.diffusion_performer.run_chain", broken)
    (event,) = engine.perform(1, REQUEST)
    assert isinstance(event, Failed)
    assert "a slip" in event.headline
    assert "Traceback" in event.detail


def test_another_model_with_the_same_tokenizer_runs_beside_the_one_that_is_loaded(
    engine: Engine, tmp_path: Path
) -> None:
    network = NetworkConfig(TOKENIZER.vocabulary, length=16, hidden=16, blocks=1, heads=2, cond_dim=8)
    other = Diffusion(DiffusionConfig(network, "uniform", parametrisation="leave_one_out", log_sigma=True))
    save(tmp_path / "other", other, TOKENIZER, "# Other\n")
    held = engine.performer
    events = list(engine.perform(3, replace(REQUEST, model=str(tmp_path / "other"))))
    assert isinstance(events[0], Introduced)
    assert (events[0].info.name, events[0].info.noise) == ("other", "uniform")
    assert (replay(events[1:])[-1][:, [0, 3]] == [5, 9]).all()
    assert engine.performer is held
    save(tmp_path / "foreign", other, train_tokenizer(iter(["a dragon came up the hill"] * 3), 260), "# Foreign\n")
    (event,) = engine.perform(4, replace(REQUEST, model=str(tmp_path / "foreign")))
    assert isinstance(event, Failed)
    assert "another tokenizer" in event.headline


def test_another_model_is_kept_while_it_is_what_is_asked_for(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, str, str]] = []

    def counted(folder: Path, device: str, precision: str, hashed: bool) -> Model:
        opened.append((folder.name, device, precision))
        return load(folder, device, precision, hashed)

    monkeypatch.setattr("engine.performing.opening.load", counted)
    performer = engine.performer
    assert isinstance(performer, DiffusionPerformer)
    model, engine = performer.model, Engine(performer)
    save(tmp_path / "other", model.diffusion, TOKENIZER, "# Other\n", precision="fp32")
    asked = replace(REQUEST, model=str(tmp_path / "other"))

    def weights() -> str:
        introduced = next(iter(engine.perform(1, asked)))
        assert isinstance(introduced, Introduced)
        assert (introduced.info.device, introduced.info.precision) == opened[-1][1:]
        return introduced.info.weights

    first = weights()
    assert weights() == first
    assert opened == [("other", "cpu", "fp32")]
    performer.info = replace(performer.info, precision="bf16")
    weights()
    assert opened[1:] == [("other", "cpu", "bf16")]
    save(tmp_path / "other", model.diffusion, TOKENIZER, "# Other\n", precision="bf16")
    assert weights() != first
    assert len(opened) == 3


def test_a_judge_whose_files_changed_is_read_again(engine: Engine, tmp_path: Path) -> None:
    torch.manual_seed(2)
    asked = Judge(str(tmp_path), ("Once upon a time",), ((1, 2, 3),))

    def perplexity(std: float) -> float:
        network = build_causal(TOKENIZER, 16, 16, 1, 2)
        torch.nn.init.normal_(network.transformer.wte.weight, std=std)  # type: ignore[union-attr,arg-type]
        save_causal(tmp_path, network, TOKENIZER, "# Judge\n")
        (judged,) = engine.perform(1, asked)
        assert isinstance(judged, Judged)
        return judged.perplexity

    assert perplexity(0.1) != perplexity(0.5)


def too_much_on_a_cpu(*_: object, **__: object) -> None:
    torch.empty(2**60)


def too_much_on_a_gpu(*_: object, **__: object) -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def too_much_of_the_gpu_library(*_: object, **__: object) -> None:
    raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")


def too_much_on_windows(*_: object, **__: object) -> None:
    raise RuntimeError("[enforce fail at alloc_cpu.cpp] data. DefaultCPUAllocator: not enough memory: you tried to ...")


def too_much_for_an_array(*_: object, **__: object) -> None:
    np.empty(2**58)


@pytest.mark.parametrize(
    "fail",
    [too_much_on_a_cpu, too_much_on_a_gpu, too_much_of_the_gpu_library, too_much_on_windows, too_much_for_an_array],
)
def test_a_lack_of_memory_is_told_in_a_sentence_whatever_was_asked_for(
    engine: Engine, fail: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(engine.performer, DiffusionPerformer)
    diffusion = engine.performer.model.diffusion
    save(tmp_path, diffusion, TOKENIZER, "# Other\n")
    tokens, nothing = frozen([5, 7, 9, 3]), np.zeros(4, bool)
    monkeypatch.setattr(diffusion.network, "body", fail)
    monkeypatch.setattr("engine.models.stored.safe_open", fail)
    judge = str(tmp_path / "judge")
    save_causal(Path(judge), build_causal(TOKENIZER, 16, 16, 1, 2), TOKENIZER, "# Judge\n")
    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", fail)
    asked: list[Request] = [
        LoadModel(str(tmp_path), "cpu", "fp32"),
        Generate(frozen([FREE] * 4)),
        Inspect(tokens, nothing, 2, 0.5),
        Guess(tokens if engine.performer.info.mask_id is None else frozen([FREE] * 4), nothing, 0.5),
        Score(tokens, nothing),
        Weigh(judge, tokens),
        Judge(judge, ("Once",), ((1, 2),)),
    ]
    for request in asked:
        *_, event = engine.perform(1, request)
        assert isinstance(event, Failed)
        assert "not enough memory" in event.headline
        assert event.headline.endswith(".")
        assert not event.detail
