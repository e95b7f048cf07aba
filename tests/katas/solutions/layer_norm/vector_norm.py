# kata: layer_norm
import torch


class LayerNorm(torch.nn.Module):
    def __init__(self, normalized_shape, eps=1e-5):
        super().__init__()
        self._eps = eps
        self.a_2 = torch.nn.Parameter(torch.empty(normalized_shape))
        self.b_2 = torch.nn.Parameter(torch.empty(normalized_shape))
        self.reset_parameters()

    def reset_parameters(self):
        torch.nn.init.ones_(self.a_2)
        torch.nn.init.zeros_(self.b_2)

    def forward(self, x):
        if x.dtype in {torch.float16, torch.bfloat16}:
            return self._norm(x.to(torch.float32)).to(x.dtype)
        return self._norm(x)

    def _norm(self, x):
        dims = tuple(range(x.ndim - self.a_2.ndim, x.ndim))
        deviations = x - torch.mean(x, dim=dims, keepdim=True)
        length = torch.linalg.vector_norm(deviations, dim=dims, keepdim=True)
        std = torch.sqrt(length**2 / self.a_2.numel() + self._eps)
        return torch.addcmul(self.b_2.to(x.dtype), self.a_2.to(x.dtype), deviations / std)
