"""How running text is laid out, with a font in which every letter is one wide."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sedd_studio.painting.token_layout import arrange
from sedd_studio.painting.token_places import Kind, Layout, Metrics, Stretch


class Turned:
    """All of a line runs in the direction of its paragraph."""

    def stretches(self, text: str, rtl: bool) -> list[Stretch]:
        return [Stretch(0, len(text), rtl)]

    def ends(self, text: str) -> list[float]:
        return [float(at) for at in range(len(text) + 1)]

    def height(self, text: str) -> float:
        return 1.0


METRICS = Metrics(lambda text, slanted: float(len(text)), em=1.0, line_height=2.0, shaping=Turned())


def lay(pieces: list[str | None], width: float, locked: list[bool] | None = None) -> Layout:
    words: list[tuple[int, int]] = []
    for position, piece in enumerate(pieces):
        joins = piece is not None and not piece[:1].isspace() and words and pieces[position - 1] is not None
        if joins:
            words[-1] = (words[-1][0], position + 1)
        else:
            words.append((position, position + 1))
    return arrange(pieces, locked or [False] * len(pieces), [False] * len(pieces), words, METRICS, width)


def test_a_word_of_several_tokens_is_not_broken() -> None:
    layout = lay(["aaaa", " bb", "bb", "bb"], 9)
    assert [box.line for box in layout.boxes] == [0, 1, 1, 1]


def test_a_word_wider_than_a_line_is_broken_between_its_tokens() -> None:
    layout = lay(["aaaa", "aaaa", "aaaa"], 9)
    assert [box.line for box in layout.boxes] == [0, 0, 1]


def test_the_space_before_a_word_is_dropped_at_the_start_of_a_line() -> None:
    layout = lay(["aaaa", " bbbb"], 6)
    assert (layout.boxes[1].line, layout.boxes[1].x) == (1, 0.0)


def test_a_newline_token_breaks_the_line_and_two_leave_a_blank_one() -> None:
    layout = lay(["a", "\n", "b", "\n\n", "c"], 50)
    assert [box.line for box in layout.boxes] == [0, 0, 1, 1, 3]
    assert layout.boxes[1].kind is Kind.BREAK
    assert len(layout.lines) == 4


def test_a_locked_passage_has_one_pill_on_each_of_its_lines() -> None:
    layout = lay(["aaaa", " bbbb", " cccc", " d"], 13, [False, True, True, False])
    assert [(pill.line, pill.start, pill.stop) for pill in layout.pills] == [(0, 1, 2), (1, 2, 3)]
    for pill in layout.pills:
        boxes = layout.boxes[pill.start : pill.stop]
        assert pill.left < boxes[0].x
        assert boxes[-1].x + boxes[-1].width < pill.right


def test_the_position_under_a_point_is_found_and_none_far_from_text() -> None:
    layout = lay(["aaaa", " bbbb"], 40)
    assert layout.position_at(2, 1, 0.4) == 0
    assert layout.position_at(7, 1, 0.4) == 1
    assert layout.position_at(30, 1, 0.4) is None
    assert layout.position_at(2, 9, 0.4) is None


pieces = st.lists(st.sampled_from(["a", " bb", "ccc", " dddd", "\n", ".\n", "  ", None]), min_size=1, max_size=60)


@given(pieces, st.floats(8, 40))
def test_every_position_stands_once_in_order_and_nothing_overlaps(texts: list[str | None], width: float) -> None:
    locked = [text is not None and bool(index % 3) for index, text in enumerate(texts)]
    layout = lay(texts, width, locked)
    assert len(layout.boxes) == len(texts)
    assert [i for span in layout.lines for i in range(span.start, span.stop)] == list(range(len(texts)))
    for one, other in zip(layout.boxes, layout.boxes[1:], strict=False):
        assert (other.line, other.x) >= (one.line, one.x + one.width if other.line == one.line else 0.0)
    for text, box in zip(texts, layout.boxes, strict=True):
        assert (box.kind is Kind.BLOCK) == (text is None)
