# kata: layer_norm
import torch
from torch import nn


class LayerNorm(nn.Module):
    """Normalises x over its last axes, position by position, then scales and shifts every feature.

    normalized_shape: an int or a tuple of ints, the last axes of x
    eps: added to the variance, under the root

    Parameters, by the names that are looked for first: `weight` and `bias`, both of the shape `normalized_shape`,
    ones and zeros at the start.
    """

    def __init__(self, normalized_shape, eps=1e-5):
        super().__init__()
        raise NotImplementedError

    def forward(self, x):
        """x (..., *normalized_shape) -> the same shape and dtype."""
        raise NotImplementedError
