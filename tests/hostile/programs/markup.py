# hostile: markup and control characters in what it prints and raises
# line: B96
# verdict: error
# prints: <script>alert(1)</script>
print("<script>alert(1)</script>\x1b]0;owned\x07[bold red]")


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None):
    raise ValueError("<img src=x onerror=alert(1)>\x1b[2J[/bold]")
