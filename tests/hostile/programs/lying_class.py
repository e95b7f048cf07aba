# hostile: an entry that claims to be a class, made by a metaclass that answers everything
# line: B90
# verdict: crashed invalid
import builtins


class Meta(type):
    def __instancecheck__(cls, other):
        return True

    def __subclasscheck__(cls, other):
        return True

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return cls


class Entry(metaclass=Meta):
    __class__ = type

    def __call__(self, *args, **kwargs):
        return args[0]


builtins.isinstance = lambda *args: True
builtins.issubclass = lambda *args: True
builtins.callable = lambda *args: True
scaled_dot_product_attention = Entry()
