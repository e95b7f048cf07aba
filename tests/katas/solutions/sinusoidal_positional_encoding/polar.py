# exp(i * angle) turned by a quarter: the imaginary part is the sine, the real part the cosine.
import torch
from torch import Tensor
from torch.nn import Dropout, Module


class SinusoidalPositionalEncoding(Module):
    def __init__(self, d_model: int, max_len: int = 5000, dropout: float = 0.0):
        super().__init__()
        pairs = (d_model + 1) // 2
        wavelength = torch.pow(torch.tensor(10000.0), torch.arange(pairs) * 2 / d_model)
        angle = torch.einsum("p,f->pf", torch.arange(max_len).float(), wavelength.reciprocal())
        wave = torch.view_as_real(torch.polar(torch.ones_like(angle), angle)).flip(-1)
        self.register_buffer("wave", wave.reshape(max_len, 2 * pairs)[:, :d_model].contiguous())
        self.drop = Dropout(dropout)

    def forward(self, inputs: Tensor) -> Tensor:
        steps = inputs.size(-2)
        assert steps <= self.wave.size(0), "input is longer than the table"
        return self.drop(torch.add(inputs, self.wave.narrow(0, 0, steps)))
