"""What ends the run: one sentence that says what did not hold."""


class Failure(Exception):
    """Something that must hold does not. Its text is all that the reader gets, so it says what was seen."""


def require(holds, sentence):
    """Fails with `sentence` unless `holds`."""
    if not holds:
        raise Failure(sentence)
