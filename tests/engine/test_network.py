"""What the network does in training only."""

from __future__ import annotations

import pytest
import torch

from engine.theory.layers import dropout
from engine.theory.network import NetworkConfig, ScoreTransformer

ENTRIES = 100_003
"""No multiple of eight."""


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_the_asked_share_is_left_out_independently_and_the_rest_makes_up_for_it(share: float) -> None:
    torch.manual_seed(0)
    x = torch.ones(ENTRIES, requires_grad=True)
    left = dropout(x, share)
    kept = max(1, 256 - round(256 * share)) / 256
    assert sorted(set(left.tolist())) == pytest.approx([0.0, 1 / kept])
    error = (kept * (1 - kept) / ENTRIES) ** 0.5
    assert float((left > 0).float().mean()) == pytest.approx(kept, abs=5 * error)
    both = float(((left[1:] > 0) & (left[:-1] > 0)).float().mean())
    assert both == pytest.approx(kept**2, abs=10 * error)
    left.sum().backward()  # type: ignore[no-untyped-call]
    assert torch.equal(x.grad, left.detach())  # type: ignore[arg-type] # d(x m)/dx = m, and x is 1


def test_dropout_acts_in_training_alone() -> None:
    torch.manual_seed(0)
    network = ScoreTransformer(NetworkConfig(5, length=8, hidden=16, blocks=1, heads=2, cond_dim=8, dropout=0.5))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter)
    tokens, sigma = torch.zeros(2, 8, dtype=torch.long), torch.ones(2)
    assert not torch.equal(network(tokens, sigma), network(tokens, sigma))
    network.eval()
    assert torch.equal(network(tokens, sigma), network(tokens, sigma))
