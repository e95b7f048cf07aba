torch.manual_seed(0)
model = KVCacheAttention(12, 3).eval()
x = torch.randn(1, 5, 12)

whole, _ = model(x)
cache, steps = None, []
for t in range(5):
    out, cache = model(x[:, t : t + 1], cache)
    steps.append(out)
print("k", tuple(cache[0].shape), "v", tuple(cache[1].shape))

# token by token = all at once: 0
(whole - torch.cat(steps, dim=1)).abs().max()
