torch.manual_seed(0)
x = torch.randn(2, 5, 12)
real = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], dtype=torch.bool)

for norm_first in (False, True):
    layer = TransformerEncoderLayer(12, 3, 24, norm_first=norm_first).eval()
    out = layer(x, key_padding_mask=real).detach()
    print("norm_first", norm_first, "mean", float(out.mean()), "std", float(out.std()))
out
