"""Every command in one table. What only one of them needs is imported when it is done: the window is there sooner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sedd_studio.session.colour_modes import MODES
from sedd_studio.session.session import Session
from sedd_studio.window import doing
from sedd_studio.window.page_names import LEARN, STUDIO
from sedd_studio.window.panels import BESIDE, PAGES, PANELS

if TYPE_CHECKING:
    from sedd_studio.window.main_window import MainWindow

When = Callable[[Session], bool]


@dataclass(frozen=True)
class Command:
    """One thing a user can do: `do` does it, `when` says whether it can be done now.

    Several shortcuts have "; " between them, and the first is shown; a plain letter or arrow works the text, so it is
    for the page with it.
    """

    name: str
    text: str
    do: doing.Do
    shortcut: str = ""
    when: When = lambda session: True
    group: str = ""
    page: str = ""
    """The only page on which it can be done; empty where that is on any."""


def _has_model(session: Session) -> bool:
    return session.models.ready


def _has_run(session: Session) -> bool:
    return session.playhead.recorded > 0


def _can_pause(session: Session) -> bool:
    return session.runs.running or _has_run(session)


def _can_stop(session: Session) -> bool:
    return session.runs.running or session.runs.awaits_model or session.reader.busy


def _has_selection(session: Session) -> bool:
    return session.view.selection is not None


def _can_undo(session: Session) -> bool:
    return bool(session.editor.undo_stack.undo_name)


def _can_redo(session: Session) -> bool:
    return bool(session.editor.undo_stack.redo_name)


def _list_keys(window: MainWindow, session: Session) -> None:
    from sedd_studio.widgets.dialogs.shortcuts import show_shortcuts

    show_shortcuts(window.top_bar, ((row.shortcut, row.text) for row in COMMANDS))


LOOKS = {"system": "Colours like the &system", "light": "&Light", "dark": "&Dark", "contrast": "High &contrast"}
WORDS = {"exact": "E&xact terms", "plain": "Plain &words"}
COMMANDS: tuple[Command, ...] = (
    Command("new", "&New", doing.begin, "Ctrl+N"),
    Command("open_model", "&Open a model folder …", lambda w, s: w.picker.choose_folder(), "Ctrl+O"),
    Command("open_run", "Open a &run …", doing.ask_for_run, "Ctrl+Shift+O"),
    Command("save_run", "&Save the run …", doing.export("run", "Save the run"), "Ctrl+S", _has_run),
    Command("keep_sample", "&Keep this sample", lambda w, s: w.samples.keep(), "Ctrl+B", _has_run),
    Command("copy_text", "&Copy the text", doing.copy_text, "Ctrl+Shift+C"),
    Command("copy_command", "Copy the run as a co&mmand", doing.copy_as(python=False), when=_has_run),
    Command("copy_python", "Copy the run as P&ython", doing.copy_as(python=True), when=_has_run),
    Command("export_text", "&Text …", doing.export("text"), when=_has_run),
    Command("export_page", "&Page that plays it …", doing.export("page"), "Ctrl+Shift+E", _has_run),
    Command("export_film", "&Film: GIF, WebP or MP4 …", doing.export("film"), when=_has_run),
    Command("export_picture", "P&icture of this step …", doing.export("picture"), when=_has_run),
    Command("export_map", "&Map: PNG or SVG …", doing.export("map"), when=_has_run),
    Command("export_map_csv", "Ta&ble of the map …", doing.export("map_csv"), when=_has_run),
    Command("export_json", "&JSON …", doing.export("json"), when=_has_run),
    Command("export_csv", "Table of the &steps …", doing.export("csv"), when=_has_run),
    Command(
        "export_figure", "Fi&gure of Learn: SVG or PNG …", doing.export_lesson("figure"), "Ctrl+Shift+S", page=LEARN
    ),
    Command(
        "export_chapter",
        "C&hapter of Learn: page that moves …",
        doing.export_lesson("page"),
        "Ctrl+Shift+P",
        page=LEARN,
    ),
    Command("settings", "Se&ttings …", lambda w, s: doing.show_settings(w), "Ctrl+,"),
    Command("quit", "&Quit", lambda w, s: w.close(), "Ctrl+Q"),
    Command("undo", "&Undo", lambda w, s: s.editor.undo_stack.undo(), "Ctrl+Z", _can_undo),
    Command("redo", "&Redo", lambda w, s: s.editor.undo_stack.redo(), "Ctrl+Shift+Z", _can_redo),
    Command("edit_prompt", "Edit the &prompt", lambda w, s: w.prompt.toggle_editor(), "Ctrl+E"),
    Command("ask", "As&k a question", lambda w, s: w.prompt.ask(), when=lambda s: s.questions.possible),
    Command("cut", "Cu&t the selection\tCtrl+X", lambda w, s: w.canvas.caret.cut(), when=_has_selection),
    Command("copy", "&Copy the selection\tCtrl+C", lambda w, s: w.canvas.caret.copy(), when=_has_selection),
    Command("paste", "Pa&ste words and gaps", lambda w, s: w.canvas.caret.paste(), "Ctrl+V"),
    Command("select_all", "Select &all\tCtrl+A", lambda w, s: w.canvas.caret.select_all()),
    Command(
        "take_out", "Make a &gap of the selection\tDel", lambda w, s: w.canvas.caret.take_out(), when=_has_selection
    ),
    Command("toggle_lock", "&Lock or unlock", lambda w, s: w.canvas.caret.toggle_lock(), "Ctrl+L; L"),
    Command("unlock", "U&nlock the selection", doing.unlock, "Ctrl+Shift+L", _has_selection),
    Command("limit", "Only these &words here …", doing.ask_for_limit, "Ctrl+Shift+W", _has_selection),
    Command("unlock_all", "Unlock &everything", lambda w, s: s.editor.unlock_all()),
    Command("run", "&Run", lambda w, s: s.runs.start(), "Ctrl+Return", lambda s: s.models.ready or s.models.loading),
    Command("enqueue", "Add to the &queue", lambda w, s: w.services.queue.add(), "Ctrl+Shift+Q", _has_model),
    Command(
        "go_on", "&Go on from this step", lambda w, s: s.runs.go_on(), "Ctrl+Shift+Return", lambda s: s.runs.can_go_on
    ),
    Command(
        "draw_again",
        "Draw the selection &again",
        doing.draw_again,
        "Ctrl+R; R",
        lambda s: s.runs.can_draw_again or (_has_model(s) and not _has_selection(s)),
    ),
    Command(
        "alternatives",
        "Alternati&ves of the selection",
        lambda w, s: w.services.alternatives.next(),
        "F3",
        lambda s: s.runs.can_draw_again,
    ),
    Command(
        "alternative_before",
        "The alternative &before",
        lambda w, s: w.services.alternatives.next(-1),
        "Shift+F3",
        lambda s: s.runs.can_draw_again,
    ),
    Command(
        "noise_again",
        "Send the selection back to &noise",
        lambda w, s: s.runs.noise_again(),
        "Ctrl+Shift+R",
        lambda s: s.runs.can_noise_again,
    ),
    Command("stop", "&Stop", lambda w, s: s.stop(), "Esc", _can_stop),
    Command("new_seed", "New see&d", lambda w, s: s.form.new_seed(), "Ctrl+D"),
    Command("pause", "&Pause or play", lambda w, s: s.pausing.toggle(), "Space", _can_pause),
    Command("forward", "Step &forward", lambda w, s: s.pausing.step(), "Right", _can_pause),
    Command("back", "Step &back", lambda w, s: s.playhead.seek(s.playhead.step - 1), "Left", _has_run),
    Command("first", "&First step", lambda w, s: s.playhead.seek(0), "Ctrl+Home", _has_run),
    Command("last", "&Last step", lambda w, s: s.playhead.seek(s.playhead.recorded), "Ctrl+End", _has_run),
    Command("follow", "Follow li&ve", lambda w, s: s.playhead.set_following(not s.playhead.following), "F", _has_run),
    Command("zoom_in", "Zoom &in", lambda w, s: w.canvas.set_zoom(w.canvas.zoom * 1.1), "Ctrl++; Ctrl+="),
    Command("zoom_out", "Zoom &out", lambda w, s: w.canvas.set_zoom(w.canvas.zoom / 1.1), "Ctrl+-"),
    Command("zoom_reset", "&Normal size", lambda w, s: w.canvas.set_zoom(1.0), "Ctrl+0"),
    Command("studio", "&Studio", doing.show_page(STUDIO), "Ctrl+1"),
    *(
        Command(
            f"{name}_page",
            PANELS[name].page,
            doing.show_page(name),
            "; ".join(filter(None, (f"Ctrl+{number}", PANELS[name].page_key))),
        )
        for number, name in enumerate(PAGES, 2)
    ),
    *(
        Command(f"{name}_beside", PANELS[name].beside, doing.toggle_beside(name), PANELS[name].beside_key)
        for name in BESIDE
    ),
    Command("present", "&Present on the whole screen", doing.present, "F5"),
    Command("rank_samples", "Ra&nk the samples", doing.rank_samples, when=lambda s: s.playhead.samples > 1),
    Command("score_file", "Score the texts of a &file …", lambda w, s: doing.score_file(w), when=_has_model),
    Command("reset_layout", "&Reset the layout", lambda w, s: w.places.reset()),
    *(Command(f"colour_{name}", mode.title, doing.colour(name), group="colour") for name, mode in MODES.items()),
    *(Command(f"theme_{name}", text, doing.choose_theme(name), group="theme") for name, text in LOOKS.items()),
    *(Command(f"vocabulary_{name}", text, doing.speak(name), group="vocabulary") for name, text in WORDS.items()),
    Command("tour", "&Take the tour of the studio", doing.tour),
    Command("shortcuts", "&Keyboard shortcuts", _list_keys, "F1"),
)
