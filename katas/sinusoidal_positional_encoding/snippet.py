model = SinusoidalPositionalEncoding(6, max_len=50)
table = model(torch.zeros(1, 8, 6))[0]

# pos = 1: sin(1), cos(1), sin(1 / 10000^(2/6)), ...
print(torch.tensor(1.0).sin(), torch.tensor(1.0).cos())
table
