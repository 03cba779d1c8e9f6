"""Training learns what can be learnt, and a killed run goes on as if nothing had happened."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.protocol import UserError
from engine.theory.diffusion import Diffusion, DiffusionConfig
from engine.theory.network import NetworkConfig
from engine.training.learners import DiffusionLearner
from engine.training.muon import StackedMuon
from engine.training.optimizers import build_optimizers, fall, learning_rate
from engine.training.processes import Processes
from engine.training.settings import Recipe, TrainingConfig
from engine.training.trainer import Average, Saved, Trained, Trainer, Validated

STREAM = np.tile(np.array([1, 2, 3, 4, 5, 6, 7, 0], np.uint16), 400)
CONFIG = TrainingConfig(steps=12, batch=4, warmup=2, precision="fp32", save_every=0.0, validate_every=6)


def trainer(config: TrainingConfig = CONFIG, noise: str = "absorb", recipe: Recipe | None = None) -> Trainer:
    torch.manual_seed(0)
    states = 9 if noise == "absorb" else 8
    network = NetworkConfig(states, length=16, hidden=32, blocks=1, heads=2, cond_dim=16, dropout=0.1)
    parametrisation = "posterior" if noise == "absorb" else "log_score"
    model = DiffusionConfig(network, noise, parametrisation=parametrisation, scale_by_sigma=noise == "absorb")  # type: ignore[arg-type]
    return Trainer(DiffusionLearner(Diffusion(model), recipe), config, STREAM, STREAM[:160])


def test_a_run_that_is_broken_off_and_resumed_has_the_loss_curve_of_an_unbroken_one(tmp_path: Path) -> None:
    whole = trainer()
    list(whole.run(tmp_path / "whole.pt"))

    broken = trainer()
    for event in broken.run(tmp_path / "broken.pt"):
        if isinstance(event, Saved) and event.step == 5:
            break
    resumed = trainer()
    resumed.resume(tmp_path / "broken.pt")
    assert resumed.step == 5
    list(resumed.run(tmp_path / "broken.pt"))

    assert resumed.losses == whole.losses
    for mine, theirs in zip(resumed.average.weights, whole.average.weights, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)


def test_a_killed_process_leaves_a_state_that_resumes_to_the_same_curve(tmp_path: Path) -> None:
    """Killed in the middle of a step, between saves."""
    script = textwrap.dedent(f"""
        import os, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        import torch; torch.set_num_threads(1)
        from pathlib import Path
        from test_training import trainer, Trained
        for event in trainer().run(Path({str(tmp_path / "state.pt")!r})):
            if isinstance(event, Trained) and event.step == 7:
                os.kill(os.getpid(), 9)
    """)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        killed = subprocess.run([sys.executable, "-c", script], check=False, cwd=Path(__file__).parents[2])
        assert killed.returncode == -9
        resumed, whole = trainer(), trainer()
        resumed.resume(tmp_path / "state.pt")
        assert resumed.step == 6
        list(resumed.run(tmp_path / "state.pt"))
        list(whole.run(tmp_path / "whole.pt"))
    finally:
        torch.set_num_threads(threads)
    assert resumed.losses == whole.losses


@pytest.mark.parametrize(("noise", "steps", "share"), [("absorb", 150, 0.5), ("uniform", 300, 0.85)])
def test_the_bound_falls_on_data_with_a_pattern(noise: str, steps: int, share: float, tmp_path: Path) -> None:
    config = replace(CONFIG, steps=steps, batch=16, validate_every=150, save_every=1e9, learning_rate=5e-3)
    run = trainer(config, noise)
    before = run.validate().nats
    bounds = [event.bound.nats for event in run.run(tmp_path / "state.pt") if isinstance(event, Validated)]
    assert before > 2.0  # log 8 = 2.08: nothing is known yet
    assert bounds[-1] < share * before


def test_runs_of_different_seeds_are_validated_by_the_same_draws() -> None:
    assert trainer().validate() == trainer(replace(CONFIG, seed=1)).validate()


def test_a_network_that_marks_locks_learns_what_the_mark_means(tmp_path: Path) -> None:
    sizes = NetworkConfig(8, length=16, hidden=32, blocks=1, heads=2, cond_dim=16, marks_locks=True)
    diffusion = Diffusion(DiffusionConfig(sizes, "uniform", parametrisation="leave_one_out", log_sigma=True))
    run = Trainer(DiffusionLearner(diffusion), CONFIG, STREAM, STREAM[:160])
    x, sigma = torch.arange(8)[None], torch.full((1,), 0.5)
    locked = torch.zeros(x.shape, dtype=torch.bool)
    locked[0, 1] = True

    def difference() -> float:
        return float((diffusion.log_score(x, sigma, locked) - diffusion.log_score(x, sigma)).abs().max().detach())

    assert difference() == 0
    list(run.run(tmp_path / "state.pt"))
    assert difference() > 0


@pytest.mark.parametrize("absolute", [True, False])
def test_places_of_masked_records_are_told_apart_by_absolute_positions_alone(absolute: bool, tmp_path: Path) -> None:
    """Every record is 0 1 .. 7. Masked throughout, a network that knows distances alone has one law for all places."""
    sizes = NetworkConfig(9, 8, hidden=32, blocks=1, heads=2, cond_dim=16, absolute_positions=absolute)
    model = Diffusion(DiffusionConfig(sizes, "absorb", parametrisation="posterior", time_free=True))
    rows = np.tile(np.arange(8, dtype=np.uint16), (64, 1))
    config = replace(CONFIG, steps=60, batch=16, learning_rate=1e-2, short=0.0, save_every=1e9)
    list(Trainer(DiffusionLearner(model), config, rows, rows).run(tmp_path / "state.pt"))
    masked = torch.full((1, 8), 8)
    with torch.no_grad():
        law = (-model.cross_entropy(masked, torch.ones(1), torch.arange(8)[None])).exp()
    if absolute:
        assert law.min() > 0.9
    else:
        assert float(law.sum()) == pytest.approx(1, abs=1e-4)  # the eight tokens share one law


@pytest.mark.parametrize("objective", ["dse", "ce", "ise"])
@pytest.mark.parametrize("times", ["systematic", "iid"])
def test_every_objective_and_way_to_draw_times_runs(objective: str, times: str, tmp_path: Path) -> None:
    run = trainer(recipe=Recipe(objective, times=times))  # type: ignore[arg-type]
    list(run.run(tmp_path / "state.pt"))
    assert np.isfinite(run.losses).all()


def test_annealed_weighting_is_flat_until_the_learning_rate_falls_and_the_bounds_from_there(tmp_path: Path) -> None:
    config = replace(CONFIG, steps=8, decay=0.5)
    annealed, flat = (trainer(config, "uniform", recipe=Recipe(weighting=w)) for w in ("annealed", "flat"))
    for run in (annealed, flat):
        list(run.run(tmp_path / "state.pt"))
    assert [fall(step, config) < 1 for step in range(8)] == [False] * 5 + [True] * 3
    assert annealed.losses[:5] == flat.losses[:5]
    assert annealed.losses[5] > flat.losses[5]  # the bound's weight is larger by one over the noised share


def test_implicit_score_entropy_under_uniform_noise_is_refused() -> None:
    with pytest.raises(UserError, match="absorbing"):
        trainer(noise="uniform", recipe=Recipe("ise"))


def test_cross_entropy_is_for_networks_that_give_posteriors() -> None:
    with pytest.raises(UserError, match="posteriors"):
        trainer(noise="uniform", recipe=Recipe("ce"))
    assert trainer(noise="uniform").learner.objective == "dse"  # type: ignore[attr-defined]
    assert trainer().learner.objective == "ce"  # type: ignore[attr-defined]


def test_events_come_in_order_and_end_with_a_save(tmp_path: Path) -> None:
    events = list(trainer().run(tmp_path / "state.pt"))
    assert [event.step for event in events if isinstance(event, Trained)] == list(range(1, 13))
    assert [event.step for event in events if isinstance(event, Validated)] == [6, 12]
    assert isinstance(events[-1], Saved)
    assert (tmp_path / "state.pt").exists()


def test_a_damaged_state_is_answered_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state.pt").write_bytes(b"not a state")
    with pytest.raises(UserError, match="damaged"):
        trainer().resume(tmp_path / "state.pt")


def test_a_state_of_other_settings_is_refused(tmp_path: Path) -> None:
    list(trainer().run(tmp_path / "state.pt"))
    with pytest.raises(UserError, match="other settings"):
        trainer(replace(CONFIG, batch=8)).resume(tmp_path / "state.pt")


def test_a_folder_that_cannot_be_written_is_answered_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        trainer().save(tmp_path / "absent" / "state.pt")


def test_a_failed_save_leaves_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, path = trainer(), tmp_path / "state.pt"
    run.save(path)
    before = path.read_bytes()

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(UserError, match="No space left"):
        run.save(path)
    assert path.read_bytes() == before


def test_too_little_text_is_answered_in_a_sentence() -> None:
    with pytest.raises(UserError, match="too few"):
        Trainer(trainer().learner, CONFIG, STREAM[:30], STREAM[:30])


def test_the_average_starts_at_the_weights_and_warms_up() -> None:
    layer = torch.nn.Linear(2, 2)
    average = Average(layer, decay=0.999)
    start = layer.weight.detach().clone()
    with torch.no_grad():
        layer.weight += 1
    average.update(layer)
    torch.testing.assert_close(average.weights[0], start + (1 - 2 / 11))  # decay (1 + 1) / (10 + 1)
    average.swap(layer)
    torch.testing.assert_close(layer.weight.detach(), start + (1 - 2 / 11))


@pytest.mark.parametrize(
    ("lag", "shares"),
    [
        (2, [1 / 6] * 4),  # the first weights, which are no step's, have the rest, here as much as two steps
        (3, [2 * (k + 2) / (6 * 7) for k in (1, 2, 3, 4)]),
    ],
)
def test_a_small_lag_averages_all_steps(lag: int, shares: list[float]) -> None:
    layer = torch.nn.Linear(1, 1)
    average = Average(layer, decay=0.999, lag=lag)
    start = layer.weight.item()
    steps = [3.0, -1.0, 4.0, 1.5]
    with torch.no_grad():
        for value in steps:
            layer.weight.fill_(value)
            average.update(layer)
    expected = sum(share * value for share, value in zip(shares, steps, strict=True)) + (1 - sum(shares)) * start
    assert average.weights[0].item() == pytest.approx(expected)


def test_the_learning_rate_rises_and_falls_to_zero() -> None:
    rates = [learning_rate(step, replace(CONFIG, steps=100, warmup=10)) for step in range(101)]
    assert rates[0] == 0.1
    assert max(rates) == rates[9] == 1.0
    assert rates[100] == pytest.approx(0)


def test_a_run_that_another_one_finishes_keeps_the_learning_rates_of_a_longer_one() -> None:
    """100 steps of which the last 70 fall, stopped after 80: a fall over 50 steps to 20 / 70."""
    whole = replace(CONFIG, steps=100, warmup=10, decay=0.7)
    cut = replace(CONFIG, steps=80, warmup=10, decay=50 / 80, floor=20 / 70)
    assert [learning_rate(k, cut) for k in range(80)] == pytest.approx([learning_rate(k, whole) for k in range(80)])
    assert [fall(k, cut) < 1 for k in range(80)] == [fall(k, whole) < 1 for k in range(80)]


def test_muon_on_stacked_matrices_takes_the_steps_of_torchs() -> None:
    shapes = [(24, 8), (8, 8), (8, 24), (24, 8), (8, 8)]
    start = [torch.randn(shape, generator=torch.Generator().manual_seed(k)) for k, shape in enumerate(shapes)]
    theirs, ours = ([torch.nn.Parameter(matrix.clone()) for matrix in start] for _ in range(2))
    how: dict[str, Any] = {"lr": 0.02, "weight_decay": 0.1, "momentum": 0.9, "adjust_lr_fn": "match_rms_adamw"}
    optimizers = torch.optim.Muon(theirs, **how), StackedMuon(ours, **how)
    draws = torch.Generator().manual_seed(7)
    for _ in range(3):
        for mine, other in zip(ours, theirs, strict=True):
            mine.grad = torch.randn(mine.shape, generator=draws)
            other.grad = mine.grad.clone()
        for optimizer in optimizers:
            optimizer.step()  # type: ignore[no-untyped-call]
    for mine, other, before in zip(ours, theirs, start, strict=True):
        moved = (other - before).norm()
        assert moved > 0.02
        assert (mine - other).norm() < 0.02 * moved  # bf16 inside
    optimizers[1].load_state_dict(optimizers[0].state_dict())  # a state saved before goes on


def test_every_parameter_has_one_optimizer() -> None:
    network = trainer().learner.network
    for name in ("adamw", "muon"):
        config = replace(CONFIG, optimizer=name)
        groups = [p for o in build_optimizers(network, config) for g in o.param_groups for p in g["params"]]
        assert sorted(map(id, groups)) == sorted(map(id, network.parameters()))


def test_processes_share_a_batch_and_average_to_the_loss_and_gradient_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts of both processes are worked out here, one after the other, in place of the network between them."""
    without_dropout = NetworkConfig(9, length=16, hidden=32, blocks=1, heads=2, cond_dim=16, dropout=0.0)
    torch.manual_seed(0)
    learner = DiffusionLearner(Diffusion(DiffusionConfig(without_dropout, parametrisation="posterior")))
    inputs = learner.draw(torch.from_numpy(STREAM[:64].astype(np.int64).reshape(4, 16)), np.random.default_rng(0))

    def worked_out(part: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, list[torch.Tensor]]:
        learner.network.zero_grad()
        loss = learner.loss(part)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach(), [p.grad.clone() for p in learner.network.parameters() if p.grad is not None]

    whole, gradients = worked_out(inputs)
    first, second = (worked_out(Processes(index, 2).part(inputs)) for index in (0, 1))

    def across(flat: torch.Tensor, kind: str) -> torch.Tensor:
        other = torch.cat([first[0].reshape(1), *(gradient.flatten() for gradient in first[1])])
        return (flat + other) / 2

    monkeypatch.setattr("engine.training.processes.reduce", across)
    assert float(Processes(1, 2).average(learner.network, second[0])) == pytest.approx(float(whole), rel=1e-6)
    averaged = [p.grad for p in learner.network.parameters() if p.grad is not None]
    for mine, theirs in zip(averaged, gradients, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-7)


def test_a_batch_that_processes_cannot_share_alike_is_refused() -> None:
    run = trainer()
    with pytest.raises(UserError, match="multiple of 3"):
        Trainer(run.learner, CONFIG, STREAM, STREAM[:160], Processes(0, 3))


def test_compiling_asks_for_each_block_once_and_for_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[torch.nn.Module] = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self, **_: compiled.append(self))
    monkeypatch.setattr("engine.training.trainer.shutil.which", lambda name: f"/usr/bin/{name}")
    run = trainer(replace(CONFIG, compile=True))
    assert compiled == list(run.learner.layers)
    monkeypatch.setattr("engine.training.trainer.shutil.which", lambda name: None)
    with pytest.raises(UserError, match=r"C\+\+ compiler"):
        trainer(replace(CONFIG, compile=True))


def test_a_compiled_run_goes_on_uncompiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self, **_: None)
    monkeypatch.setattr("engine.training.trainer.shutil.which", lambda name: name)
    trainer(replace(CONFIG, compile=True)).save(tmp_path / "state.pt")
    run = trainer()
    run.resume(tmp_path / "state.pt")
    assert run.step == 0


def test_what_was_learned_is_on_the_disk_before_it_is_validated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, seen = trainer(replace(CONFIG, save_every=1e9)), []
    validate = run.validate

    def looked() -> object:
        seen.append(torch.load(tmp_path / "state.pt", weights_only=True)["step"])
        return validate()

    monkeypatch.setattr(run, "validate", looked)
    list(run.run(tmp_path / "state.pt"))
    assert seen == [6, 12]
