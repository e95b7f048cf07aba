torch.manual_seed(0)
query, key, value = torch.randn(2, 4, 8), torch.randn(2, 6, 8), torch.randn(2, 6, 3)
mask = torch.rand(4, 6) < 0.7

print("out", scaled_dot_product_attention(query, key, value, mask).shape)

# value = 1: out = weights, softmax(QK^T / sqrt(E))
scaled_dot_product_attention(query, key, torch.eye(6).expand(2, 6, 6), mask)
