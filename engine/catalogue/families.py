"""Families of models that others publish: by which entries of a configuration each is recognised, and its noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.protocol import Noise

Sign = Mapping[str, tuple[str, ...]]
"""By which a configuration is recognised: the entries that it has, by names with dots where one stands in another. Each
is one of these words, in capitals or not; where there are none it need only be there."""
KINDS = ("text", "questions", "proteins", "molecules", "digits", "promoters")
"""What models write: answers to questions are texts, too."""
UNIFORM = ("duo", "udlm")
"""How the names of programs begin that train models of uniform noise."""


def of_type(*types: str) -> tuple[Sign, ...]:
    """Of configurations of the `transformers` library that name one of these types."""
    return ({"model_type": types},)


class Family(NamedTuple):
    """A family by its `name`: its configurations have one of the `signs`, the names of its weights begin with `prefix`,
    and if it is told by a mask `of_tokenizer` alone, there is one. It `writes` one of `KINDS`."""

    name: str
    signs: tuple[Sign, ...]
    noise: Noise = "absorb"
    prefix: str = ""
    of_tokenizer: bool = False
    writes: str = "text"

    def recognises(self, values: Mapping[str, Any]) -> bool:
        """Whether a configuration is that of the family."""
        return any(bears(values, sign) for sign in self.signs)


RADD = Family("RADD", ({"model.type": ("ddit_wot",)},))
MDLM = Family("MDLM", of_type("mdlm"))
DUO = Family("Duo", of_type("duo"), "uniform")
UDLM = Family("UDLM", of_type("udlm"), "uniform")
BD3LM = Family("BD3-LM", of_type("bd3lm"))
GIDD = Family("GIDD", ({"model_type": ("dit",), "p_uniform": ()},), "mixed")
HYDRA = Family("MDLM's and Duo's programs", ({"config.algo": (), "vocab_size": ()},))
MODERNBERT = Family("ModernBERT", of_type("modernbert"))
DPLM = Family("DPLM", ({"model_type": ("esm",), "dplm_type": ()}, {"model_type": ("dplm",)}), writes="proteins")
DIFFUGPT = Family("DiffuGPT", of_type("gpt2"), prefix="denoise_model.")
A2D = Family("a2d and SDAR", of_type("a2d-qwen3", "a2d-qwen2", "a2d-llama", "sdar"))
DCODER = Family("Open-dCoder", of_type("qwen2"), of_tokenizer=True)
D3 = Family("D3", ({"graph.type": (), "dataset.signal_dim": ()},), "uniform", writes="promoters")
SEDD = Family("SEDD", ({"graph.type": ()},))
OWN = "SEDD Studio's own"
"""What the layout that is written here is called."""
FAMILIES = (RADD, D3, MDLM, DUO, UDLM, BD3LM, GIDD, HYDRA, MODERNBERT, DPLM, DIFFUGPT, A2D, DCODER)
"""Those of other families than SEDD; the first that recognises a configuration reads it."""


def bears(values: Mapping[str, Any], sign: Sign) -> bool:
    """Whether a configuration has the entries of a sign."""
    for name, words in sign.items():
        *groups, last = name.split(".")
        inner = entry(values, *groups)
        if not isinstance(inner, Mapping) or last not in inner or (words and str(inner[last]).lower() not in words):
            return False
    return True


def entry(values: Any, *names: str) -> Any:
    """What stands in a configuration under these names, one in the other; None where nothing does."""
    for name in names:
        values = values.get(name) if isinstance(values, Mapping) else None
    return values


def noise_in(values: Mapping[str, Any], family: Family) -> Noise:
    """The noise of a model of a family: that of the program that trained it where its name stands there."""
    if family is D3:
        return "absorb" if entry(values, "graph", "type") == "absorb" else "uniform"
    program = str(entry(values, "config", "algo", "name")).lower()
    return "uniform" if family is HYDRA and program.startswith(UNIFORM) else family.noise
