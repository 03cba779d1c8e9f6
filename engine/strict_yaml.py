"""YAML that others wrote, read with limits: plain, and not deep. Imports no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from engine.files import read_bounded
from engine.strict_json import DEEPEST, LONGEST_NUMBER, shallow

LARGEST_YAML = 2**16
"""Bytes of a configuration."""


def read_yaml(path: Path, most: int = LARGEST_YAML) -> Any:
    """What the regular file at `path`, of at most `most` bytes, holds; an OSError if it cannot be read.

    For what is no plain YAML the library raises errors of many kinds: odd tags, numbers, dates, encodings and depths.
    """
    return shallow(yaml.load(read_bounded(path, most), PlainLoader))


class PlainLoader(yaml.SafeLoader):
    """Reads plain YAML. What takes much longer than it is long is refused before it does: parts that refer to others,
    and could unfold; brackets in brackets, which the scanner counts anew at each token; numbers to the base of 60."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it refers to its own parts")
        return super().compose_node(parent, index)

    def fetch_flow_collection_start(self, kind: type[yaml.Token]) -> None:
        if self.flow_level > DEEPEST:
            raise yaml.YAMLError("it is nested too deeply")
        super().fetch_flow_collection_start(kind)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        if len(node.value) > LONGEST_NUMBER:
            raise yaml.YAMLError("a number is too long")
        return super().construct_yaml_int(node)


PlainLoader.add_constructor("tag:yaml.org,2002:int", PlainLoader.construct_yaml_int)
