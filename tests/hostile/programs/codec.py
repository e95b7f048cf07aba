# hostile: codecs, import hooks and meta paths of its own while it is loaded
# line: B90 F51
# verdict: passed
# prints: loaded
import builtins
import codecs
import importlib.abc
import sys


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        return None


codecs.register(lambda name: codecs.lookup("latin-1") if name == "evil" else None)
sys.meta_path.insert(0, Finder())
sys.path_hooks.insert(0, lambda path: (_ for _ in ()).throw(ImportError))
sys.path.insert(0, "/tmp")
builtins.__import__ = (lambda old: lambda *args, **kwargs: old(*args, **kwargs))(builtins.__import__)
exec(codecs.decode("cevag('ybnqrq')", "rot13"))
