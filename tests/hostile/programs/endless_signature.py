# hostile: an entry whose signature never ends
# line: B90
# verdict: timeout
class Entry:
    @property
    def __signature__(self):
        while True:
            pass

    def __call__(self, *args, **kwargs):
        return args[0]


scaled_dot_product_attention = Entry()
