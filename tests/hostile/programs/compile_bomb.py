# hostile: a constant that is gigabytes once it is folded, and source that is made while it runs
# line: B92
# verdict: memory error timeout
text = "(" * 150 + "0" + ",)" * 150
compile(text, "x", "exec")
parts = ["x = 0"]
for _ in range(24):
    parts = parts * 2
compile("\n".join(parts), "x", "exec")
