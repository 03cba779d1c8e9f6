"""How the bundled models were trained: one row a model, so that one command makes any of them again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.cli.asked import Machine
from engine.cli.output import Output
from engine.cli.train import train_model
from engine.cli.training_folder import check_free, is_begun, is_done, plan_in, refuse_another
from engine.cli.written_stories import Sources, write_again
from engine.files import sha256
from engine.protocol import UserError
from engine.training.settings import Plan, Recipe, Sizes, TrainingConfig


@dataclass(frozen=True)
class Data:
    """A file by its name, and the SHA-256 of the one that the model was trained on."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Written(Data):
    """A file that a teacher wrote who learned from `texts`, without the stories of `valid` and `test`."""

    texts: tuple[Data, ...]
    valid: Data
    test: Data


@dataclass(frozen=True)
class Stage:
    """One run of the training: how long and how, what is minimised, the share of units left out, and what it learns
    from beside the model's own data."""

    training: TrainingConfig
    recipe: Recipe = field(default_factory=Recipe)
    dropout: float = 0.0
    more: tuple[Data, ...] = ()


@dataclass(frozen=True)
class Bundled:
    """What decides a bundled model; without `valid` a part of the data is held out.

    A stage after the first starts from the averaged weights that the one before it left. Its seed is another: with the
    same it would see the same blocks under the same noise again.
    """

    data: tuple[Data, ...]
    valid: Data | None
    sizes: Sizes
    stages: tuple[Stage, ...]


STORIES = (Data("tinystories_train.txt", "4b09d89e2bed1545d64b2c02616ac8bc281edc6735676fc8d174920b5a2c0177"),)
OTHER_STORIES = Data("tinystories_valid.txt", "ba63f432fdb4f08fd36da63134dd59ae0b80736010479de627f7de90a458dcf1")
QM9 = (Data("qm9.smi", "2ced60ba230213df2e9b8921512e0bdc3e574fde656e65f803e5e1f3bb364d79"),)
DIGITS = (Data("optdigits_all.csv", "b89ac4b47b98d194c8e536c5b4f51b46caf31fe88136ad632fb6bc068f2d90a8"),)
PROMOTERS = (
    Data("human_tata_promoters_300bp.txt", "9515889e07fea56de600ba1ed170c801e8b9b93a8e96d253db07b693aae3d38a"),
    Data("mouse_tata_promoters_300bp.txt", "4a69c76ed20d94505b803ef1a7ceddc8682d3c96c6a04851fcbb18d1d530fa6c"),
)

SMALL = Sizes(vocabulary=2048, hidden=256, blocks=8, heads=4)
LONG = TrainingConfig(batch=128, learning_rate=3e-3, weight_decay=0.1, short=0.1, validate_every=1_000)
"""On a GPU. Runs of 15,000 steps were begun, and their time was up before: `floor` is what was left of the learning
rate, which fell over the last 10,500 of them."""
AGAIN = replace(LONG, steps=14_100, learning_rate=2e-3, seed=1)
"""On a GPU: up to a high learning rate once more, and then down to nothing."""
FINISH = TrainingConfig(1_200, 128, 5e-5, warmup=20, floor=1.0, weight_decay=0.1, lag=3, short=0.1, seed=2)
"""A low and constant learning rate, nothing left out any more, and the weights of all steps averaged."""

BUNDLED: dict[str, Bundled] = {
    "stories-absorb": Bundled(
        STORIES,
        OTHER_STORIES,
        SMALL,
        (
            Stage(replace(LONG, steps=13_084, decay=8_584 / 13_084, floor=1_916 / 10_500), dropout=0.1),
            Stage(replace(AGAIN, decay=10_591 / 14_100), dropout=0.15),
            Stage(FINISH),
        ),
    ),
    "stories-uniform": Bundled(
        STORIES,
        OTHER_STORIES,
        replace(SMALL, noise="uniform"),
        (
            Stage(
                replace(LONG, steps=12_596, decay=8_096 / 12_596, floor=2_404 / 10_500),
                Recipe(weighting="annealed", locks=0.1),
                dropout=0.1,
            ),
            Stage(replace(AGAIN, decay=10_712 / 14_100), Recipe(weighting="annealed", locks=0.1), dropout=0.15),
            Stage(FINISH, Recipe(weighting="bound", locks=0.1)),
        ),
    ),
    "stories-gpt": Bundled(  # the first 3,500 steps of 4,000, and 75 of 100: after them the validation loss rose
        STORIES,
        OTHER_STORIES,
        replace(SMALL, kind="gpt"),
        (
            Stage(
                replace(
                    LONG,
                    steps=3_500,
                    batch=64,
                    learning_rate=2e-3,
                    decay=2_300 / 3_500,
                    floor=500 / 2_800,
                    validate_every=250,
                ),
                dropout=0.2,
            ),
            Stage(replace(FINISH, steps=75, batch=64, validate_every=25)),
        ),
    ),
    "molecules-absorb": Bundled(
        QM9,
        None,
        Sizes("molecules", length=24, hidden=192, blocks=6, heads=6),
        (Stage(TrainingConfig(steps=24_000, batch=64, validate_every=2_000)),),
    ),
    "digits-absorb": Bundled(
        DIGITS,
        None,
        Sizes("digits", length=64, hidden=128, blocks=6, heads=4),
        (Stage(TrainingConfig(steps=5_000, batch=64), dropout=0.1),),
    ),
    "promoters-absorb": Bundled(
        PROMOTERS,
        None,
        Sizes("promoters", length=300, hidden=128, blocks=4, heads=4),
        (Stage(TrainingConfig(steps=3_000, batch=16), dropout=0.1),),
    ),
}


def reproduce(name: str, folder: Path, out: Path, compiled: bool, machine: Machine, output: Output) -> None:
    """Trains a bundled model again, stage by stage, and leaves it in `out`; stages that are done are not repeated."""
    if not plan_in(out):  # another's model, told before the data are looked for
        check_free(out)
    plans = list(plans_of(name, folder, out, compiled, machine, output))
    for plan in plans:
        refuse_another(plan)  # the last one, too, before the first is trained
    started_from = None
    for number, plan in enumerate(plans):
        if plan.out == out or not is_done(plan, started_from):
            refuse_later(plan, plans[number + 1 :])
            train_model(replace(machine, model=started_from), plan, output)
        started_from = plan.out


def refuse_later(plan: Plan, later: list[Plan]) -> None:
    """A UserError where a `later` stage was begun, with a model that is not in the folder of this one any more."""
    begun = next((each.out for each in later if is_begun(each.out)), None)
    if begun is not None and not is_begun(plan.out):
        raise UserError(
            f"{begun} was begun with a model that is not in {plan.out} any more; choose another --out, or delete what "
            f"is in {begun}."
        )


def plans_of(name: str, folder: Path, out: Path, compiled: bool, machine: Machine, output: Output) -> Iterator[Plan]:
    """The plan of each stage by which a bundled model is trained again from the files in `folder`.

    Stages before the last have folders in `out`. Files other than those that the model was trained on are named in a
    note.
    """
    if name not in BUNDLED:
        raise UserError(f"There is no bundled model {name}; choose one of: {', '.join(BUNDLED)}.")
    model = BUNDLED[name]
    wanted = dict.fromkeys(data for stage in model.stages for data in (*model.data, *stage.more))
    files = Files(folder, output)
    places = {data: files.find(data) for data in wanted if not isinstance(data, Written)}
    valid = files.find(model.valid) if model.valid else None
    places |= {
        data: found_or_written(data, files, out, machine, output) for data in wanted if isinstance(data, Written)
    }
    for number, stage in enumerate(model.stages, start=1):
        place = out if number == len(model.stages) else out / f"stage-{number}"
        sizes = replace(model.sizes, dropout=stage.dropout)
        texts = [places[data] for data in (*model.data, *stage.more)]
        training = replace(stage.training, compile=compiled)
        yield Plan(texts, valid, place, sizes, stage.recipe, training, command="reproduce")


def found_or_written(data: Written, files: Files, out: Path, machine: Machine, output: Output) -> Path:
    """The file among those at hand, or one that is written again in `out`."""
    if files.holds(data):
        return files.find(data)
    texts, valid, test = [files.find(text) for text in data.texts], files.find(data.valid), files.find(data.test)
    return write_again(data.name, Sources(texts, valid, (valid, test)), out, machine, output)


class Files:
    """The data files in `folder` or below, each of which is looked for once."""

    def __init__(self, folder: Path, output: Output) -> None:
        self._folder, self._output = folder, output
        self._found: dict[Data, Path] = {}

    def holds(self, data: Data) -> bool:
        """Whether there is a file of that name."""
        return bool(self._named(data))

    def find(self, data: Data) -> Path:
        """The first file of that name; a UserError if there is none, and a note if it is another than it was."""
        if data not in self._found:
            if not self.holds(data):
                raise UserError(
                    f"{self._folder} holds no {data.name}, which the model is trained on; name the folder that does."
                )
            self._found[data] = found = self._named(data)[0]
            if sha256(found) != data.sha256:
                self._output.note(f"{found} is not the file that the bundled model was trained on.")
        return self._found[data]

    def _named(self, data: Data) -> list[Path]:
        return sorted(path for path in self._folder.rglob(data.name) if path.is_file())
