"""Tokens in the manner of the Penn Treebank, as captions are usually split before they are scored.

Lower case; `don't` is two tokens and `dog's` two, `t-shirt` and `p.m.` are one each; punctuation is left out. Written
for captions and lines of stories, in any language that puts spaces between words.
"""

import re

_DROPPED = frozenset(["''", "'", "``", "`", '"', ".", "?", "!", ",", ":", "-", "--", "...", ";"])

# How the treebank writes brackets, and what else it rewrites. All dashes of two and more are one.
_REWRITTEN = {"(": "-lrb-", ")": "-rrb-", "[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-"}
_REWRITTEN |= {"£": "#", "€": "$", "¢": "cents"}
_BEFORE = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "…": "...", "–": "--", "—": "--", "½": "1/2"}
    | {"¼": "1/4", "¾": "3/4"}
)
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&nbsp;": " "}
_ENTITY = re.compile("|".join(_ENTITIES))

_ABBREVIATIONS = (
    "mr mrs ms dr prof rev gen col capt lt sgt gov sen rep st mt ft jr sr vs etc inc corp co ltd bros dept dist est "
    "ave blvd rd ext jan feb mar apr aug sep sept oct nov dec mon tue tues wed thu thurs fri ph.d al"
)
_PATTERN = re.compile(
    rf"""
      </?[a-z!?][^<>]*>                                            # a tag
    | (?:https?://|www\.)[^\s<>"|(){{}}]*[^\s<>"|(){{}}.,;:!?']    # an address
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+
    | [@\#][a-z_]\w*
    | [:;=]'?-?[()dp](?!\w)                                        # a smiley
    | (?-i:[A-Z]+(?:&[A-Z]+)+)                                     # R&D
    | (?:[^\W\d_]\.)+[^\W\d_]\.(?!\w)                              # U.S., p.m.
    | (?:{_ABBREVIATIONS.replace(".", "[.]").replace(" ", "|")})\.(?!\w)
    | (?:no|fig|p|pp|art|sec|nos)\.(?=\s*\d)                       # no. 5, but: no
    | (?-i:[A-Z])\.(?=\s+\w)                                       # J. Smith
    | (?<!\w)(?:can(?=not\b)|gon(?=na\b)|wan(?=na\b)|got(?=ta\b)|gim(?=me\b)|lem(?=me\b)|'t(?=is\b|was\b))
    | (?<!\w)(?:d'(?=ye\b)|y'(?=all\b))
    | (?<!\w)(?:c'mon|o'clock|ma'am|o'er|[en]+'er|[dlo]'[^\W\d_]{{2,}})\b
    | (?<!\w)'(?:\d0s|em|cause|til)\b                             # '80s
    | 'n'?(?!\w)                                                  # rock 'n' roll
    | '(?:s|m|d|re|ve|ll)(?!\w)                                    # it 's
    | [^\W\d_]+?(?=n't(?!\w)) | n't(?!\w)                          # do n't
    | (?<![\w$\#])[-+](?=\.?\d)\.?\d+(?:[.,]\d+)*(?![\w-])         # -5
    | \d+:\d+(?=[ap]m\b)
    | (?<!\w)\.\d+
    | (?<!\w)(?:c\+\+|c\#)(?!\w)
    | [^\W_](?:\w*[^\W_])?(?:(?:[-./]|(?<=\d)[,:](?=\d))[^\W_](?:\w*[^\W_])?)*   # a word or a number, joined or not
    | \.(?:\s?\.)+ | -{{2,}} | [?!]+ | '' | `` | \*+ | _+ | \S
    """,
    re.VERBOSE | re.IGNORECASE,
)


def ptb_tokens(text: str) -> list[str]:
    """The tokens of a sentence, without punctuation."""
    text = _ENTITY.sub(lambda found: _ENTITIES[found.group()], text).translate(_BEFORE)
    return [
        token
        for found in _PATTERN.findall(text)
        if (token := _written(found.lower())) not in _DROPPED and token.isprintable() and token <= "\uffff"
    ]


def _written(token: str) -> str:
    if token in _REWRITTEN:
        return _REWRITTEN[token]
    if token[0] == "." and not token[-1].isalnum() and len(token) > 1:
        return "..."
    if token[0] == "-" and set(token) == {"-"}:
        return "--" if len(token) > 1 else "-"
    if token[0] in ":;=" and len(token) > 1:
        return token.replace("(", "-lrb-").replace(")", "-rrb-")
    return token
