"""The noise picker: which noise the model was trained with; picking another opens the model that matches."""

from __future__ import annotations

from functools import partial

from sedd_studio.painting.theme import Look
from sedd_studio.record.noises import NOISES
from sedd_studio.session.model_folders import counterpart
from sedd_studio.session.models import Models
from sedd_studio.session.vocabulary import Vocabulary
from sedd_studio.widgets.controls.basic import keep_up
from sedd_studio.widgets.controls.menu_button import MenuButton


class NoisePicker(MenuButton):
    """Shows the noise of the model; its menu offers each type, greyed out where no model matches."""

    def __init__(self, models: Models, words: Vocabulary, look: Look) -> None:
        super().__init__("Noise", look)
        self._models, self._words = models, words
        self.choices.aboutToShow.connect(self._fill)
        keep_up(self.refresh, models.changed, words.changed)

    def refresh(self) -> None:
        if (info := self._models.info) is not None:
            own = NOISES[info.noise]
            self.say(self._words.say(own.title), self._words.say(own.short))
            self.setToolTip(self._words.say(own.meaning))

    def _fill(self) -> None:
        self.choices.clear()
        if (info := self._models.info) is None:
            return
        for noise, other in NOISES.items():
            chosen = other is NOISES[info.noise]
            path = info.path if chosen else counterpart(info.path, info.noise, noise)
            told = (
                self._words.say(other.meaning)
                if path is not None
                else f"There is no model like {info.name} of this kind."
            )
            opens = None if path is None or chosen else partial(self._models.open, path)
            self.offer(self._words.say(other.title), told, chosen, opens)
