"""A network is known by its weights and by its configuration."""

import torch
from torch import nn

from art2mus.digests import network_digest
from tests.art2mus import tiny


def test_a_network_is_known_by_every_weight_in_any_precision() -> None:
    network = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        before = network_digest(network.to(dtype))
        assert network_digest(network) == before
        with torch.no_grad():
            network[0].bias[1] += 1
        assert network_digest(network) != before


def test_a_network_is_known_by_its_configuration() -> None:
    encoder = tiny.imagebind()
    before = network_digest(encoder)
    encoder.register_to_config(view="multi-crop")
    assert network_digest(encoder) != before
