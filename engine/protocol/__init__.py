"""What crosses the boundary between the window and the engine: requests go down, events come up. No torch.

Requests are frozen and hold everything that decides a run; every event carries the id of the run that it belongs to.
Arrays are read-only copies.
"""

from engine.protocol.errors import UserError as UserError
from engine.protocol.errors import is_lack_of_memory as is_lack_of_memory
from engine.protocol.events import Attributed as Attributed
from engine.protocol.events import Bounded as Bounded
from engine.protocol.events import Cancelled as Cancelled
from engine.protocol.events import Evaluated as Evaluated
from engine.protocol.events import Event as Event
from engine.protocol.events import Failed as Failed
from engine.protocol.events import Finished as Finished
from engine.protocol.events import Frame as Frame
from engine.protocol.events import Guessed as Guessed
from engine.protocol.events import Identified as Identified
from engine.protocol.events import Influenced as Influenced
from engine.protocol.events import Insight as Insight
from engine.protocol.events import Introduced as Introduced
from engine.protocol.events import Judged as Judged
from engine.protocol.events import Mended as Mended
from engine.protocol.events import ModelLoaded as ModelLoaded
from engine.protocol.events import Reviewed as Reviewed
from engine.protocol.events import Started as Started
from engine.protocol.events import Tightened as Tightened
from engine.protocol.events import Told as Told
from engine.protocol.events import Weighed as Weighed
from engine.protocol.events import ends as ends
from engine.protocol.lessons.lesson import Lesson as Lesson
from engine.protocol.model_info import Chat as Chat
from engine.protocol.model_info import ModelInfo as ModelInfo
from engine.protocol.noises import Noise as Noise
from engine.protocol.requests import Evaluate as Evaluate
from engine.protocol.requests import Generate as Generate
from engine.protocol.requests import Guess as Guess
from engine.protocol.requests import Identify as Identify
from engine.protocol.requests import Influence as Influence
from engine.protocol.requests import Inspect as Inspect
from engine.protocol.requests import Judge as Judge
from engine.protocol.requests import Limit as Limit
from engine.protocol.requests import LoadModel as LoadModel
from engine.protocol.requests import Mend as Mend
from engine.protocol.requests import Question as Question
from engine.protocol.requests import Request as Request
from engine.protocol.requests import Review as Review
from engine.protocol.requests import Run as Run
from engine.protocol.requests import Score as Score
from engine.protocol.requests import Weigh as Weigh
from engine.protocol.tokens import FREE as FREE
from engine.protocol.tokens import Tokens as Tokens
from engine.protocol.tokens import frozen as frozen
