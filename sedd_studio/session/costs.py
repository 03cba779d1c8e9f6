"""What runs that are not made yet may cost, told from the run on show."""

from __future__ import annotations

from sedd_studio.session.session import Session


def calls_a_second(session: Session) -> float | None:
    """Network calls a second of the run on show; None where there is none of the model that is loaded."""
    run, info = session.view.run, session.models.info
    if run is None or run.origin is None or info is None or not run.origin.info.same_weights(info):
        return None
    told, result = run.progress, run.result
    calls = result.evaluations if result is not None and result.evaluations else told.calls * run.samples
    return calls / told.seconds if told.seconds > 0 and calls else None
