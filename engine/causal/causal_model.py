"""Autoregressive models on the `transformers` library: the baseline that diffusion is compared with, and the judge.

The baseline has GPT-2's architecture. It learns from the same blocks of tokens as a diffusion model, each with an
end-of-text token before it, so that it gives every token of a block a probability and its likelihood, which is
exact, can stand beside a bound. Any folder with a causal model and its tokenizer can be a judge.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.causal.causal_folder import folder_of, read_causal
from engine.files import filling
from engine.language.backends import END_OF_TEXT, read_all
from engine.language.tokenizers import Tokenizer
from engine.likelihood.result import Bound, ratio_of
from engine.models.devices import PRECISIONS, choose_device, choose_precision
from engine.models.gguf import unpacked
from engine.models.own_layout import CARD, encoded, saving
from engine.protocol import FREE
from engine.protocol.errors import brought_by
from engine.stopping import look
from engine.theory.conditioning import Shaping
from engine.theory.growth import block_places
from engine.theory.lanes import one_thread

with brought_by("causal"):
    import transformers

MAX_ELEMENTS = 2**22
"""Numbers in one batch of logits."""


@dataclass(frozen=True, eq=False)
class CausalModel:
    """A causal language model with its tokenizer, in evaluation mode on its device.

    Every law of a next token is raised to the power 1 / `temperature`, greater than 0, and normalised. With
    `vocabulary` it is first restricted to the tokens below that: a network may have more, by padding, and they stand
    for nothing. What it writes and every likelihood are by this law; a likelihood is then at least that of the network
    as it is.
    """

    name: str
    network: Any
    tokenizer: Any
    temperature: float = 1.0
    vocabulary: int | None = None

    @staticmethod
    def load(folder: Path, device: str = "auto", precision: str = "auto") -> CausalModel:
        """Any causal model that `transformers` can read from a folder or a GGUF file, or a bundled or fetched one by
        its name; nothing is downloaded.

        A UserError if there is none.
        """
        place = choose_device(device)
        chosen = choose_precision(precision, place)
        with unpacked(folder_of(folder), chosen) as opened:
            name = opened.resolve().name
            network, tokenizer = read_causal(opened, PRECISIONS[chosen])
        network.to(place)
        for layer in layers_of(network):
            layer.register_forward_pre_hook(lambda *_: look())
        return CausalModel(name, network, tokenizer, vocabulary=len(tokenizer))

    @property
    def length(self) -> int:
        """The most tokens that it reads at once."""
        return int(getattr(self.network.config, "max_position_embeddings", 1024))

    @property
    def device(self) -> torch.device:
        return torch.device(self.network.device)

    def text_nats(self, texts: Sequence[str]) -> list[np.ndarray]:
        """-log p of each token of each text but the first, given those before it; nats, one array a text.

        Texts are read by the model's own tokenizer. One longer than the model is read in windows that share a token.
        """
        windows = [
            (number, ids[start : start + self.length])
            for number, ids in enumerate(self.encode(texts))
            for start in range(0, max(1, len(ids) - 1), self.length - 1)
        ]
        parts: list[list[np.ndarray]] = [[] for _ in texts]
        for batch in self._batches(windows):
            for (number, _), nats in zip(batch, self._nats([ids for _, ids in batch]), strict=True):
                parts[number].append(nats)
        return [np.concatenate(part) for part in parts]

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of texts, by the model's own tokenizer."""
        return read_all(self.tokenizer.backend_tokenizer, texts)

    def token_nats(self, sequences: Sequence[np.ndarray]) -> list[np.ndarray]:
        """-log p of each token of sequences (L,) of its own vocabulary, given an end-of-text token and those before
        it; nats, exact."""
        begin = begin_token(self.network)
        numbered = [(k, [begin, *sequence.tolist()]) for k, sequence in enumerate(sequences)]
        return [nats for batch in self._batches(numbered) for nats in self._nats([ids for _, ids in batch])]

    def fill_tokens(
        self, tokens: np.ndarray, seed: int, sample: int, shaping: Shaping | None = None
    ) -> Iterator[tuple[int, int]]:
        """Position and token, from left to right, of each `FREE` position of tokens (L,): one network call each.

        A token is drawn from the model's law given an end-of-text token and all that stands before it, as `shaping`
        shapes it (as it is without), as the inverse of the distribution function at the position's uniform number of
        the stream (seed, sample), in float64. Samples are made one at a time and on one thread, so that none depends
        on its company or on the number of threads; a single row gains little by more.
        """
        uniforms = np.random.Generator(np.random.Philox(key=[seed, sample])).random(len(tokens)).tolist()
        text = [begin_token(self.network), *tokens.tolist()]
        cache, read = None, 0
        for position in np.flatnonzero(tokens == FREE).tolist():
            with one_thread():
                law, cache = self._next_law(text[read : position + 1], cache)
                if shaping is not None:
                    law = shaping.restrict(law[None], torch.tensor([position]))
                    law = shaping.sharpen(law)[0]
                reached = law.cumsum(-1)
            read = position + 1
            text[read] = int((reached < uniforms[position] * reached[-1]).sum())
            yield position, text[read]

    def law_after(self, tokens: np.ndarray) -> Tensor:
        """The law (V,) of the token after an end-of-text token and `tokens` (L,); float64."""
        return self._next_law([begin_token(self.network), *tokens.tolist()], None)[0]

    @torch.no_grad()
    def _next_law(self, ids: list[int], cache: Any) -> tuple[Tensor, Any]:
        """The law (V,) of the token after `ids`, which follow what is in the cache; float64. Also the new cache."""
        output = self.network(torch.tensor([ids], device=self.device), past_key_values=cache, use_cache=True)
        logits = output.logits[0, -1, : self.vocabulary]
        return (logits.double() / self.temperature).softmax(-1), output.past_key_values

    def features(self, texts: Sequence[str]) -> np.ndarray:
        """The last hidden state (n, d) at the last token that is read of each text."""
        rows = []
        with torch.no_grad():
            for text in texts:
                ids = read_all(self.tokenizer.backend_tokenizer, [text])[0][: self.length]
                output = self.network(
                    torch.tensor([ids], device=self.device), output_hidden_states=True, use_cache=False
                )
                rows.append(output.hidden_states[-1][0, -1].float().cpu().numpy())
        return np.stack(rows)

    def _batches(self, windows: list[tuple[int, list[int]]]) -> Iterator[list[tuple[int, list[int]]]]:
        longest = max((len(ids) for _, ids in windows), default=1)
        size = max(1, MAX_ELEMENTS // (longest * self.network.config.vocab_size))
        for start in range(0, len(windows), size):
            yield windows[start : start + size]

    @torch.no_grad()
    def _nats(self, batch: list[list[int]]) -> list[np.ndarray]:
        """-log p of all tokens but the first; padding on the right is not seen by what stands before it."""
        width = max(2, *map(len, batch))
        tokens = torch.tensor([ids + [0] * (width - len(ids)) for ids in batch], device=self.device)
        output = self.network(
            tokens[:, :-1], use_cache=False
        )  # keys and values, which nobody asks for, are a pass again
        logits = output.logits[..., : self.vocabulary].float() / self.temperature
        nats = F.cross_entropy(logits.transpose(1, 2), tokens[:, 1:], reduction="none").double().cpu().numpy()
        return [row[: max(0, len(ids) - 1)] for row, ids in zip(nats, batch, strict=True)]


def layers_of(network: Any) -> Sequence[nn.Module]:
    """The blocks of a network of the library's."""
    body = network.base_model
    return [*getattr(body, "h", getattr(body, "layers", ()))]


def begin_token(network: Any) -> int:
    """The token before a block: the model's beginning of text, or 0."""
    begin = network.config.bos_token_id
    return 0 if begin is None else int(begin)


def build_causal(
    tokenizer: Tokenizer, length: int, hidden: int, blocks: int, heads: int, dropout: float = 0.0
) -> nn.Module:
    """A GPT-2 network with fresh weights for `length` tokens."""
    config = transformers.GPT2Config(
        vocab_size=tokenizer.vocabulary,
        n_positions=length,
        n_embd=hidden,
        n_layer=blocks,
        n_head=heads,
        resid_pdrop=dropout,
        embd_pdrop=dropout,
        attn_pdrop=0.0,
        activation_function="gelu_pytorch_tanh",  # GPT-2's own, in one pass
        bos_token_id=tokenizer.eot_id,
        eos_token_id=tokenizer.eot_id,
    )
    network: nn.Module = transformers.GPT2LMHeadModel(config)
    return network


def with_dropout(network: Any, dropout: float, blocks: int = 0) -> nn.Module:
    """A GPT-2 network with the weights of another; in training it leaves out a share `dropout` (0 to 1) of units.

    It is deepened to `blocks` blocks, if that is not 0. New ones add nothing at first, so it computes the same.
    """
    config = copy.deepcopy(network.config)
    config.resid_pdrop = config.embd_pdrop = dropout
    config.n_layer = blocks or config.n_layer
    changed: Any = transformers.GPT2LMHeadModel(config)
    rest = {name: value for name, value in network.state_dict().items() if ".h." not in name}
    changed.load_state_dict(rest, strict=False)
    before, after = network.transformer.h, changed.transformer.h
    for block in after:
        for layer in (block.attn.c_proj, block.mlp.c_proj):
            nn.init.zeros_(layer.weight)
    for block, place in zip(before, block_places(len(before), len(after)), strict=True):
        after[place].load_state_dict(block.state_dict())
    return changed  # type: ignore[no-any-return]


class CausalLearner:
    """An autoregressive model learning to predict the next token, in blocks of `length` tokens, or of all it reads."""

    exact = True
    told: Mapping[str, str] = {}

    def __init__(self, network: Any, length: int | None = None) -> None:
        longest = int(network.config.max_position_embeddings)
        self.network, self.length = network, min(length or longest, longest)
        self.layers = layers_of(network)

    def draw(self, clean: Tensor, generator: np.random.Generator) -> tuple[Tensor, ...]:
        """The clean tokens (B, L) themselves: nothing is random."""
        return (clean,)

    def loss(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Cross entropy, nats per token."""
        (clean,) = inputs
        before = torch.full_like(clean[:, :1], begin_token(self.network))
        logits = self.network(torch.cat((before, clean[:, :-1]), dim=1), use_cache=False).logits
        return F.cross_entropy(logits.float().flatten(0, 1), clean.flatten())

    def reach(self, step: int, falling: bool) -> None:
        """Nothing changes in the course of a run."""

    def validate(self, sequences: Sequence[np.ndarray], seed: int) -> Bound:
        """The exact negative log-likelihood of sequences (L,), with its error over them."""
        return causal_likelihood(CausalModel("", self.network, None), sequences)

    def save(self, folder: Path, tokenizer: Tokenizer, card: str | None, facts: Mapping[str, str]) -> None:
        """Writes a model folder; its layout has no place for facts."""
        save_causal(folder, self.network, tokenizer, card)


def causal_likelihood(model: CausalModel, sequences: Sequence[np.ndarray]) -> Bound:
    """The exact negative log-likelihood of sequences (L,), with its error over them: a bound that is an equality."""
    lengths = np.array([len(sequence) for sequence in sequences])
    totals = np.array([nats.sum() for nats in model.token_nats(sequences)])
    return ratio_of(totals, lengths, len(sequences), len(sequences))


def save_causal(folder: Path, network: Any, tokenizer: Tokenizer, card: str | None) -> None:
    """Writes the network in bf16, the tokenizer and the card, Markdown, as `transformers` reads them.

    All files come, or none, config.json last; without a card the one there stays. A UserError where they cannot be
    written.
    """
    marker = END_OF_TEXT if tokenizer.eot_id is not None else None
    wrapped = transformers.PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer.backend, bos_token=marker, eos_token=marker
    )
    with saving(folder), filling(folder, "config.json") as made:
        copy.deepcopy(network).to(torch.bfloat16).save_pretrained(made)
        wrapped.save_pretrained(made)
        tokenizer.save(made)
        if card is not None:
            (made / CARD).write_bytes(encoded(card))
