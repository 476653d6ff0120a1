"""The failure that ends the run, with one sentence about the broken expectation."""


class Failure(Exception):
    """A broken expectation. The run prints only its text, so the text says what was observed."""


def require(holds, sentence):
    """Fails with `sentence` unless `holds`."""
    if not holds:
        raise Failure(sentence)
