"""Names the packages of the wheel: those with code, and the bundled models. All else stands in pyproject.toml."""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["engine*", "sedd_studio*"]), "engine.assets"])
