torch.manual_seed(0)
x = torch.randn(2, 3, 8) * 5 + 10
y = LayerNorm(8)(x)

print("mean", y.mean(dim=-1))
print("var ", y.var(dim=-1, unbiased=False))
y
