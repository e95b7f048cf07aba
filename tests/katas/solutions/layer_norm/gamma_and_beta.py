# kata: layer_norm
import torch
import torch.nn as nn


class LayerNorm(nn.Module):
    def __init__(self, features, eps=1e-5):
        super(LayerNorm, self).__init__()
        self.eps = eps
        if isinstance(features, int):
            features = (features,)
        self.dims = [-(i + 1) for i in range(len(features))]
        self.gamma = nn.Parameter(torch.ones(*features))
        self.beta = nn.Parameter(torch.zeros(*features))

    def forward(self, inputs):
        h = inputs.to(torch.float32) if inputs.element_size() == 2 else inputs
        var, mu = torch.var_mean(h, dim=self.dims, correction=0, keepdim=True)
        h = (h - mu) * (var + self.eps).rsqrt()
        return (self.gamma * h + self.beta).type_as(inputs)
