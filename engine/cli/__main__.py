"""`python -m engine.cli`, for launchers that start modules."""

from __future__ import annotations

import os
import sys

from engine.cli import main


def end_at_once(code: int) -> None:
    """Ends this process without taking the interpreter down, if it shares work with others; what it printed stays.

    Taken down in the usual way such a process was aborted now and then ("terminate called without an active
    exception"), and the launcher then ended the others before they had printed.
    """
    import torch.distributed

    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


try:
    main()
except SystemExit as end:
    if "RANK" in os.environ:  # by which a launcher tells a process that it is one of several
        end_at_once(end.code if isinstance(end.code, int) else int(end.code is not None))
    raise
