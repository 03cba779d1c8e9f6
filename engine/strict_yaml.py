"""YAML that others wrote, read with limits: plain, and not deep. Imports no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import yaml
from yaml.constructor import BaseConstructor

from engine.files import read_bounded
from engine.strict_json import DEEPEST, LONGEST_NUMBER, shallow

LARGEST_YAML = 2**16
"""Bytes of a configuration."""
TAG = "tag:yaml.org,2002:"
MERGE = f"{TAG}merge"
PLAIN = tuple(TAG + name for name in ("null", "bool", "int", "float", "timestamp", "str", "seq", "map"))


class NotPlain(yaml.YAMLError):
    """It is YAML, but of a kind that is not read; the message says of which."""


def read_yaml(path: Path) -> Any:
    """What the regular file at `path`, of at most `LARGEST_YAML` bytes, holds: an OSError if it cannot be read, and
    NotPlain if it is not `PLAIN`, or too deep.

    For what is no YAML the library raises errors of many kinds: odd numbers, dates, encodings and depths.
    """
    return shallow(yaml.load(read_bounded(path, LARGEST_YAML), PlainLoader))


class PlainLoader(yaml.SafeLoader):
    """Reads plain YAML. What takes much longer than it is long is refused before it does: parts that are referred to,
    or merged, and could unfold; brackets in brackets, which the scanner counts anew at each token; long numbers."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise NotPlain("refers to its own parts")
        return super().compose_node(parent, index)

    def fetch_flow_collection_start(self, kind: type[yaml.Token]) -> None:
        if self.flow_level > DEEPEST:
            raise NotPlain("is nested too deeply")
        super().fetch_flow_collection_start(kind)

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        if any(key.tag == MERGE for key, _ in node.value):
            raise NotPlain("merges its parts")

    def construct_scalar(self, node: Any) -> Any:
        """The text of a scalar alone: not of a mapping with a default, which the library takes for one, too."""
        return BaseConstructor.construct_scalar(self, node)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        if len(node.value) > LONGEST_NUMBER:
            raise NotPlain("has a number that is too long")
        return super().construct_yaml_int(node)

    def construct_undefined(self, node: yaml.Node) -> NoReturn:
        raise NotPlain("holds more than entries, lists, texts and numbers")


PlainLoader.yaml_constructors = {
    **{tag: yaml.SafeLoader.yaml_constructors[tag] for tag in PLAIN},
    f"{TAG}int": PlainLoader.construct_yaml_int,
    None: PlainLoader.construct_undefined,
}
