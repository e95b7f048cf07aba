torch.manual_seed(0)
model = CausalSelfAttention(12, 3).eval()
x = torch.randn(1, 5, 12)
later = x.clone()
later[:, 3:] += 1

# |out(x) - out(later)| : 0, 0, 0, > 0, > 0
(model(x) - model(later)).abs().amax(dim=-1)
