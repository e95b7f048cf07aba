scores = torch.tensor([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0], [5.0, 0.0, 5.0]])
mask = torch.tensor([[1, 1, 1], [1, 1, 0], [0, 0, 0]], dtype=torch.bool)

weights = masked_softmax(scores, mask)
print("sum", weights.sum(dim=-1))
weights
