"""A run as pictures: one step as PNG, all of them as GIF, WebP or MP4. Each carries the run, and opens as it again.

Nothing here needs the window; pictures may be made in another thread. The libraries for films are imported when they
are needed: the window is painted sooner without them.
"""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QImage, QPainter

from engine.files import write_whole
from engine.language.domains import DOMAINS, TEXT
from engine.protocol import UserError
from engine.protocol.errors import brought_by
from engine.runs.carried import KEY
from engine.runs.runfile import encode
from engine.runs.trajectory import Trajectory
from engine.stopping import look
from sedd_studio.painting.pictures import PAINTERS, Scenery
from sedd_studio.painting.theme import Theme, token_font
from sedd_studio.painting.token_paint import Content, Marks, TokenPainter
from sedd_studio.painting.token_text import content_at
from sedd_studio.record.exports import origin_of

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, MARGIN, FOOT, PICTURE = 860, 36, 44, 320
"""Of a picture, in pixels at scale 1: its width, its margins, the line at its foot, and what a domain's view takes."""
MOST_FRAMES = 120
SECONDS, HOLD = 6.0, 2.5
"""How long a film shows the run, and then its end."""
ROWS = 32
"""Of a picture whose colours are counted at once."""
FILM_RATE = 25
"""Pictures a second in an MP4 film, where each is shown as often as it takes."""


Encoding = Generator[float, None, bytes]
"""Yields how far it is, and returns the content of a file."""


class Pictures(Protocol):
    """What a film is made of: a picture for each of the `steps`, and a comment that the file carries."""

    steps: list[int]

    @property
    def comment(self) -> str:
        """Text for programs: a run, if it carries one."""

    def picture(self, step: int) -> QImage:
        """All pictures are of one size, with even sides."""


class Film:
    """The pictures of one sample of a run, all of one size: `wide`, with text as wide as `column`, `least` pixels high
    or more at scale 1."""

    wide, column, least = WIDTH, WIDTH - 2 * MARGIN, 0

    def __init__(self, run: Trajectory, sample: int, theme: Theme, scale: float = 1.0) -> None:
        self.run, self.sample, self.theme, self.scale = run, sample, theme, scale
        self._tokenizer = origin_of(run).tokenizer
        self._paint = PAINTERS.get(DOMAINS.get(origin_of(run).info.domain, TEXT).view)
        self._painter = TokenPainter(theme, token_font(theme, 1.0))
        self._small = QFont(self._painter.plain)
        self._small.setPixelSize(theme.sizes.small)
        count = min(run.recorded + 1, MOST_FRAMES)
        self.steps: list[int] = np.unique(np.linspace(0, run.recorded, count).round().astype(int)).tolist()
        text = PICTURE if self._paint else max(self._content(step).layout.height for step in self.steps)
        self.height = max(int(text) + 2 * MARGIN + FOOT, self.least)

    @property
    def comment(self) -> str:
        return carried(self.run)

    def picture(self, step: int) -> QImage:
        wide, high = round(self.wide * self.scale), round(self.height * self.scale)
        image = QImage(wide + wide % 2, high + high % 2, QImage.Format.Format_RGB888)  # films want even sides
        image.fill(self.theme.colour("window"))
        with QPainter(image) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.scale(self.scale, self.scale)
            self._foot(painter, step)
            self._beside(painter, step)
            painter.translate(MARGIN, MARGIN)
            if self._paint is None:
                content = self._content(step)
                self._painter.paint(painter, content, Marks(), 0, content.layout.height)
            else:
                tokens = self.run.shown(self.run.at(step, self.sample)[0])
                scene = Scenery(tokens, self.run.locked, self._tokenizer, self.theme)
                self._paint(painter, QRectF(0, 0, self.column, PICTURE), scene)
        return image

    def _content(self, step: int) -> Content:
        look()
        return content_at(self.run, step, self.sample, self._tokenizer, self._painter, self.column)

    def _beside(self, painter: QPainter, step: int) -> None:
        """Draws what stands beside the text, which is nothing."""

    def _foot(self, painter: QPainter, step: int) -> None:
        top, wide = self.height - FOOT + 8, self.wide - 2 * MARGIN
        painter.fillRect(QRectF(MARGIN, top, wide, 3), self.theme.colour("mask"))
        painter.fillRect(QRectF(MARGIN, top, wide * step / max(1, self.run.steps), 3), self.theme.colour("accent"))
        painter.setFont(self._small)
        painter.setPen(self.theme.colour("muted"))
        area = QRectF(MARGIN, top + 6, wide, 22)
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft, f"step {step} of {self.run.steps}")
        painter.drawText(area, Qt.AlignmentFlag.AlignRight, origin_of(self.run).info.name)


def carried(run: Trajectory) -> str:
    """The run as text that a picture can carry."""
    return base64.b64encode(encode(run)).decode()


def write_picture(film: Film, step: int, path: Path) -> Iterator[float]:
    """Writes one step as PNG; yields how far it is, from 0 to 1."""
    from PIL.PngImagePlugin import PngInfo

    about, out = PngInfo(), io.BytesIO()
    about.add_text(KEY, carried(film.run))
    as_pillow(film.picture(step)).save(out, "PNG", pnginfo=about)
    yield 0.99
    write_whole(path, out.getvalue())
    yield 1.0


def write_film(film: Pictures, path: Path) -> Iterator[float]:
    """Writes all steps as GIF, WebP or MP4, as the name ends; yields how far it is, from 0 to 1.

    Until the last yield but one nothing is written, so that a film that is given up leaves no file.
    """
    encoder = ENCODERS.get(path.suffix.lower())
    if encoder is None:
        raise UserError(f"A film ends in {', '.join(ENCODERS)} and not in {path.suffix}; choose one of these.")
    images = []
    for number, step in enumerate(film.steps, start=1):
        images.append(as_pillow(film.picture(step)))
        yield 0.6 * number / len(film.steps)
    content = yield from encoder(images, film)
    yield 0.99
    write_whole(path, content)
    yield 1.0


def as_pillow(image: QImage) -> Image:
    """The same picture for Pillow; rows of a QImage are padded."""
    from PIL import Image

    stride = image.bytesPerLine()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), stride)
    return Image.fromarray(rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy())


def stoppable_at(image: Image) -> Image:
    """The picture, at which an encoder of many looks whether to go on: it seeks in each when it comes to it."""
    image.seek = lambda frame: look() if frame == 0 else _no_frame(frame)  # type: ignore[method-assign]
    return image


def _no_frame(frame: int) -> NoReturn:
    raise EOFError(f"there is no frame {frame} in a picture")


def durations(count: int) -> list[int]:
    """Milliseconds of each of `count` pictures: the end is held."""
    each = round(1000 * SECONDS / max(1, count - 1))
    return [max(20, each)] * (count - 1) + [round(1000 * HOLD)]


def as_gif(images: list[Image], film: Pictures) -> Encoding:
    """An animated GIF that repeats; its comment is the run."""
    from PIL.Image import Dither

    palette = palette_of([images[0], images[len(images) // 2], images[-1]])
    few: list[Image] = []
    for image in images:
        few.append(stoppable_at(image.quantize(palette=palette, dither=Dither.NONE)))
        yield 0.6 + 0.2 * len(few) / len(images)
    out = io.BytesIO()
    more = {"save_all": True, "append_images": few[1:], "duration": durations(len(images)), "loop": 0}
    few[0].save(out, "GIF", comment=film.comment.encode(), **more)
    return out.getvalue()


def palette_of(images: list[Image]) -> Image:
    """A palette of the colours that pictures have most of: plain areas keep theirs exactly."""
    from PIL import Image

    counts: Counter[tuple[int, ...]] = Counter()
    for strip in chain.from_iterable(map(strips, images)):
        look()
        most = strip.width * strip.height  # for so many colours it makes room, and looks through all of it afterwards
        counts.update({colour: count for count, colour in strip.getcolors(most) or []})  # type: ignore[misc]
    made = Image.new("P", (1, 1))
    made.putpalette([value for colour, _ in counts.most_common(256) for value in colour])
    return made


def strips(image: Image) -> Iterator[Image]:
    """A picture in parts of a few rows. Colours are counted with the interpreter's lock held, and the window can do
    nothing meanwhile."""
    for top in range(0, image.height, ROWS):
        yield image.crop((0, top, image.width, min(top + ROWS, image.height)))


def as_webp(images: list[Image], film: Pictures) -> Encoding:
    """An animated WebP that repeats, without loss; its XMP data are the run."""
    yield 0.6
    out, (first, *others) = io.BytesIO(), map(stoppable_at, images)
    more = {"save_all": True, "append_images": others, "duration": durations(len(images)), "loop": 0}
    first.save(out, "WEBP", lossless=True, method=2, xmp=film.comment.encode(), **more)
    return out.getvalue()


def as_mp4(images: list[Image], film: Pictures) -> Encoding:
    """An MP4 film in H.264; its comment is the run."""
    with brought_by("film"):
        import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        container.metadata["comment"] = film.comment
        stream = container.add_stream("libx264", rate=FILM_RATE, options={"crf": "18"})
        stream.width, stream.height = images[0].size
        stream.pix_fmt = "yuv420p"
        for number, (image, pause) in enumerate(zip(images, durations(len(images)), strict=True), start=1):
            frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
            for _ in range(max(1, round(pause * FILM_RATE / 1000))):
                container.mux(stream.encode(frame))
            yield 0.6 + 0.3 * number / len(images)
        container.mux(stream.encode(None))
    return out.getvalue()


Encoder = Callable[[list["Image"], Pictures], Encoding]
ENCODERS: dict[str, Encoder] = {".gif": as_gif, ".webp": as_webp, ".mp4": as_mp4}
