"""Verbs of docstrings and comments, and their third person."""

from __future__ import annotations

# First words of docstrings and comments that describe an action ("Return the …", "Returns the …"): PEP 257, and common ones in code.
_DOCSTRING_VERBS = frozenset(
    """
    accept access acquire activate adapt add adjust advance aggregate align allocate allow append apply approximate assemble
    assert assign associate attach attempt authenticate batch begin bind block broadcast build cache calculate call cancel capture
    cast catch change check choose clean clear clone close coerce collapse collect combine compare compile complete compose
    compress compute concatenate configure confirm connect construct consume contain convert copy count create cut deactivate
    decide declare decode decompress decorate decrease decrypt deduplicate define delegate delete deliver derive describe
    deserialize destroy detach detect determine disable discard disconnect discover dispatch display divide download draw drop
    dump duplicate emit enable encode encrypt enforce enqueue ensure enter enumerate escape establish estimate evaluate examine
    exclude execute exit expand export expose extend extract fail fetch fill filter finalize find finish fire fix flag flatten
    flush follow force format forward free freeze gather generate get give grab group guess handle hide hold identify ignore
    implement import include increase increment index indicate infer inform inherit initialise initialize inject insert inspect
    install instantiate instruct intercept interpret invalidate invert invoke issue iterate join keep launch limit link list
    listen load locate lock log look lookup loop maintain make manage map mark mask match measure merge migrate mock modify
    monitor mount move multiply mutate negotiate normalise normalize notify obtain offer open order output override overwrite pack
    parse pass patch perform permit persist pick place plot poll pop populate post prepare prepend preserve prevent print process
    produce propagate protect provide prune publish pull purge push put query queue quote raise reach read reassign rebuild
    recalculate receive recompute reconnect record recreate redirect reduce refer refresh register reject release reload remember
    remove rename render reopen reorder repeat replace report represent request require reserve reset resize resolve respond
    restart restore restrict resume retrieve retry return reuse reverse revert rewind rewrite roll rotate round route run sample
    save scan schedule score search select send separate serialise serialize serve set setup shift show shuffle shut sign skip
    sleep slice sort specify split spawn start stop store stream strip submit subscribe substitute subtract suggest sum supply
    support suppress swap switch synchronize tag take tell terminate test throw time toggle tokenize trace track train transform
    translate traverse trigger trim truncate try turn undo unescape uninstall unlock unpack unregister unset unwrap update upgrade
    upload use validate verify visit wait walk warn wrap write yield
    """.split()
)


def third_person(word: str) -> str:
    """The third person of a verb: "returns" for "return" and "Returns"; "" for a word that is not in the list."""
    word = word.lower()
    if word not in _DOCSTRING_VERBS:
        for ending in ("ies", "es", "s"):
            base = word.removesuffix(ending) + ("y" if ending == "ies" else "")
            if word.endswith(ending) and base in _DOCSTRING_VERBS:
                return word
        return ""
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh", "o")) else "s")
