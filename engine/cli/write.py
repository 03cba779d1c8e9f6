"""The work behind `sedd write`: a causal model writes text for others to learn from, in batches."""

from __future__ import annotations

import math
import os
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch

from engine.causal.causal_folder import folder_of
from engine.causal.causal_model import CausalModel
from engine.causal.decoding import Decoder, check_architecture, documents_of
from engine.cli.asked import Machine, Writing
from engine.cli.batches import Batches
from engine.cli.output import Output
from engine.estimates import Shape, require, require_time
from engine.files import check_place, replacing, sha256
from engine.language.documents import SEPARATOR, documents
from engine.language.sieve import Sieve
from engine.language.tokenizers import Tokenizer, find_tokenizer
from engine.models.gguf import files_of, unpacked
from engine.protocol import UserError

LAST_WORDS = "The end."
BARREN = 2**11
"""After so many streams, and 20 batches, without a document that is kept no more is hoped for."""
COPY_BYTES = 2**31
COPIES = 8


@dataclass
class Page:
    """A text file that grows by the documents that pass a sieve; `tokens` counts theirs, with their ends. `barren`
    batches of streams, the last ones, brought none."""

    file: BinaryIO
    tokenizer: Tokenizer
    end: int
    sieve: Sieve
    tokens: int = 0
    barren: int = 0

    def add(self, streams: torch.Tensor) -> None:
        """Writes the documents of streams (n, L) of tokens."""
        encoded = list(documents_of(streams, self.end))
        texts = [text.strip() for text in self.tokenizer.decode_all(encoded)]
        before, size = self.tokens, {text: len(ids) + 1 for text, ids in zip(texts, encoded, strict=True)}
        for document in self.sieve.pass_on(texts):
            self.tokens += size[document]
            self.file.write(f"{document}\n{SEPARATOR}\n".encode())
        self.barren = 0 if self.tokens > before else self.barren + 1


def write_text(machine: Machine, asked: Writing, output: Output) -> None:
    """Writes documents to a text file, a line `<|endoftext|>` after each, and says how fast it went.

    What was drawn is kept in a folder beside it until the text is whole: the same command goes on from there.
    """
    if os.path.lexists(asked.out) and not asked.out.is_dir():  # a folder is told of where nothing can be written
        raise UserError(f"{asked.out} is there already; move it away, or choose another --out.")
    machine.set_threads()
    with unpacked(source := folder_of(Path(machine.model_path))) as folder:
        model = CausalModel.load(folder, machine.device, machine.precision)
        tokenizer = find_tokenizer(folder)
    check_architecture(model.network)
    end = tokenizer.eot_id
    if end is None:
        raise UserError("The model's tokenizer has no end-of-text token, so its documents have no end; name another.")
    sieve = Sieve.apart_from(document for path in asked.apart or () for document in documents(path))
    # A block that a model learned from can begin anywhere in a text: what follows an end inside of one is a beginning.
    begin = [end, *tokenizer.encode(LAST_WORDS), end]
    check_fit(model, asked)
    decoder = Decoder(model.network, asked.batch, asked.length, begin, tokenizer.vocabulary)
    beside = asked.out.with_name(f"{asked.out.name}.unfinished")
    batches = Batches(beside, asked.seed, (asked.batch, asked.length), tokenizer.vocabulary)
    plan = {"weights": sha256(*files_of(source)), "seed": asked.seed, "batch": asked.batch, "length": asked.length}
    try:
        check_place(asked.out)
        with batches.open(plan), replacing(asked.out) as file:
            output.note("Ctrl+C stops it; the same command goes on from the last batch.")
            page = Page(file, tokenizer, end, sieve)
            drawn, seconds = fill(page, batches, decoder, asked, output)
    except OSError as error:
        raise UserError(f"Nothing can be written to {asked.out} ({error.strerror}); choose another --out.") from None
    a_second = drawn / seconds if drawn else 0.0
    read, rate = a_second * decoder.bytes_read, memory_rate(model.device)
    written = round(a_second * asked.batch * asked.length)
    output.record(
        event="text",
        tokens=page.tokens,
        asked=asked.tokens,
        documents=len(sieve),
        repeated=sieve.repeated,
        shared=sieve.shared,
        short=sieve.short,
        unreadable=sieve.unreadable,
        tokens_per_second=written,
        bytes_per_second=round(read),
        share_of_memory_rate=round(read / rate, 3),
        sha256=sha256(asked.out),
        seed=asked.seed,
    )
    output.line(f"{page.tokens:,} tokens in {len(sieve):,} documents are in {asked.out}.")
    output.line(f"Dropped: {sieve.dropped}.")
    speed = f"{written:,} tokens a second; {read / 1e9:.1f} GB a second are read"
    output.line(f"{speed}, {read / rate:.0%} of what a copy moves.")


def check_fit(model: CausalModel, asked: Writing) -> None:
    """A UserError where the streams of a batch do not fit into memory, or all tokens not into time."""
    shape, config = Shape.of(model.network), model.network.config
    pair = 2 * config.num_key_value_heads * config.head_dim * model.network.dtype.itemsize  # a key and a value
    kept = shape.work(asked.batch, 1, 4) + asked.batch * asked.length * shape.blocks * pair
    require(kept, "Writing", model.device, "choose a smaller --batch or --length")
    if asked.seconds is None:
        require_time(asked.tokens, shape.parameters, "Writing", model.device)


def fill(page: Page, batches: Batches, decoder: Decoder, asked: Writing, output: Output) -> tuple[int, float]:
    """Writes until there are enough tokens, or the time is up; how many batches were drawn now, and in what seconds.
    Those that were kept are taken whatever the time. It ends early where no more documents come; a UserError if none
    came at all.

    While the network writes a batch, the one before is made to text beside it.
    """
    kept, taken, known, spent, started = batches.kept, 0, 0, 0.0, time.perf_counter()
    allowed = math.inf if asked.seconds is None else asked.seconds
    barren, enough = 0, max(20, BARREN // asked.batch)
    found = batches.drawn(decoder.write)

    def goes_on() -> bool:
        hopeful = barren < enough and time.perf_counter() - started < allowed
        return not taken or (known < asked.tokens and (taken < kept or hopeful))

    with ThreadPoolExecutor(1) as beside, output.progress() as progress:
        task = progress.add_task("writing", total=asked.tokens)
        last: Future[Any] = beside.submit(int)
        while goes_on():
            before = time.perf_counter()
            streams, taken = next(found), taken + 1
            spent += time.perf_counter() - before if taken > kept else 0.0
            last.result()
            known, barren = page.tokens, page.barren  # of all batches but this one, however quick the other thread is
            last = beside.submit(page.add, streams)
            progress.update(task, completed=known)
        last.result()
    if page.barren >= enough and page.tokens < asked.tokens:
        why = f"The last {page.barren:,} batches held no document that is kept (dropped in all: {page.sieve.dropped})"
        if not page.tokens:
            raise UserError(
                f"{why}; delete {batches.folder}, then choose a longer --length, other texts --apart or another "
                "--model."
            )
        output.note(f"{why}; the text ends before it has as many tokens as asked.")
    return max(0, taken - kept), spent


def memory_rate(device: torch.device) -> float:
    """Bytes a second that the device's memory moves in a large copy, those read and those written."""
    source = torch.ones(COPY_BYTES if device.type == "cuda" else COPY_BYTES // 16, dtype=torch.uint8, device=device)
    target = source.clone()
    wait(device)
    started = time.perf_counter()
    for _ in range(COPIES):
        target.copy_(source)
    wait(device)
    return 2 * source.nbytes * COPIES / (time.perf_counter() - started)


def wait(device: torch.device) -> None:
    """Until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
