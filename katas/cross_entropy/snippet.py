logits = torch.tensor([[2.0, 0.5, -1.0], [0.0, 0.0, 0.0], [1.0, 3.0, 0.2]])
target = torch.tensor([0, 2, -100])

print("none", cross_entropy(logits, target, reduction="none"))
print("log 3", torch.tensor(3.0).log())
cross_entropy(logits, target)
