"""What the chapters of Learn ask the engine, and what it answers: requests and records of arrays. No torch."""

from engine.protocol.lessons.lesson import Figure as Figure
from engine.protocol.lessons.lesson import Lesson as Lesson
from engine.protocol.lessons.lesson import numbers as numbers
from engine.protocol.lessons.levels import SIGMAS as SIGMAS
from engine.protocol.lessons.worlds import WORLDS as WORLDS
from engine.protocol.lessons.worlds import World as World
