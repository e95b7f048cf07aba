torch.manual_seed(0)
model = MultiHeadAttention(12, 3).eval()
query, memory = torch.randn(2, 4, 12), torch.randn(2, 6, 12)
real = torch.tensor([[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]], dtype=torch.bool)

out = model(query, memory, memory, key_padding_mask=real)
print("query", tuple(query.shape), "memory", tuple(memory.shape), "->", tuple(out.shape))
for name, parameter in model.named_parameters():
    print(name, tuple(parameter.shape))
out
