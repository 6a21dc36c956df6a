"""The terms that users meet, in one or two sentences each: the Glossary page shows them, and help texts link to them."""

from collections.abc import Mapping

from core.knobs import KnobPath

PAGE = "glossary"

TERMS: Mapping[str, str] = {
    "Alpha": "Scale of the counts. Pooled counts are multiplied by it before an autoencoder sees them; for spatial factors, "
    "normalised counts are before their logarithm: small is nearly linear, large nearly log-ratios.",
    "Angle": "Of a direction by hand, in degrees on pages and in radians in addresses and commands; half a turn more "
    "is the same. It counts in array rows and columns, or down and across off the array.",
    "Annotation": "The layers or regions that experts drew, in the file or on Annotate. It gives scores and the default number of "
    "clusters; domains are found without it. Several may belong to one sample, each with its author; scores are with the one that "
    "the sample is compared with.",
    "ARI": "Adjusted Rand index: how well domains agree with the annotation, over pairs of annotated spots. 1 is full agreement, 0 "
    "is chance. On all spots, the unannotated count as a class of their own.",
    "Autoencoder": "A neural network that squeezes each spot's expression into few numbers and restores it. It is trained on the "
    "sample itself. Where it explains less than 5% of the differences between spots, it counts as dead.",
    "CHAOS": "Mean distance from a spot to the nearest one of its domain, in standard deviations of position. Lower is more "
    "compact; needs no annotation. It is best where one domain has nearly all spots, so it cannot tell how many there are.",
    "Clusters": "How many domains a run looks for, also called K.",
    "Confidence": "How often a spot keeps its domain over the fits of a run, from 0% to 100%. It is low at gradual borders.",
    "Consensus": "The partition that many fits agree on.",
    "Depth": "The coordinate across the layers. A straight depth runs along an angle; a bending one follows curved layers, and "
    "takes part only where it explains at least 50% of the structure of expression where it was not learnt: it is learnt on some "
    "blocks of the tissue and tried on the others.",
    "Direction": "The line across the layers along which depth is measured. It can be off, turned by hand, or found.",
    "Domain": "A group of spots that a run finds, with the name and colour of the layer that it matches best.",
    "Factors": "Spatial factors: directions of expression that change smoothly over the tissue, relative to noise. They stand "
    "for expression in the preset Recommended.",
    "Guided": "Of domains: they follow what somebody painted on Guide, annotated sections, or marker genes, and so are not label-free. They are scored on spots "
    "that nobody painted, and stand in no table of label-free results.",
    "Layer": "One class of the annotation, without the unannotated spots.",
    "Marker genes": "Genes that tell a domain from others. A table of them finds and names domains on Guide, or names those that Tune found.",
    "NMI": "Normalised mutual information of domains and annotation: 1 if either tells the other, 0 if they are independent.",
    "PAS": "Share of spots for which more than 5 of the 10 nearest ones have another label, in percent. Lower is smoother; needs "
    "no annotation. Few, large domains have a low PAS whether they are right or not.",
    "Pooling": "Averaging expression over neighbouring spots, which makes up for few counts and blurs what is thinner than the window.",
    "Preset": "A named value for every knob. On annotated cortex, Recommended came closest to the layers of experts, far closer "
    "than the settings of the paper; the other presets are the paper's method.",
    "Read-out": "The algorithm that turns features into domains: k-means as in the paper, or a consensus of normal mixtures.",
    "Reference": "What annotated sections taught: another section gets their layers by name, with how sure each spot is; what looks like "
    "nothing in them is called unlike the reference.",
    "Refinement": "A vote of neighbours on each spot's label, a number of times.",
    "Region": "One class of an annotation that was drawn on Annotate or brought in, with a name and a colour of its own. Spots in no "
    "region count as not annotated.",
    "Seed": "A number that fixes what is random, so that the same settings give the same labels again.",
    "Stability": "Mean ARI between every two fits of a run, without the annotation: 1 means that all agree. Few, large domains "
    "are the most stable.",
    "Strokes": "Spots that somebody painted with the name of a domain. Short, thin ones across a domain tell more than strokes "
    "along it or dabs; each spot may have one domain.",
    "Support": "How clear a found direction is: the share of the structure of expression that depth explains, in percent; of a bending depth, "
    "where it was not learnt: on blocks of tissue that took no part in finding it.",
    "Sweep": "Many settings run on one or several samples, and recorded together.",
    "Thickness": "Length of the ways across the layers in a domain, between two borders inside the tissue: median and quartiles, in "
    "µm where the unit of the file is known. A way follows the gradient of depth through the tissue.",
    "Uncertainty": "How unsure a guided spot is of its domain: 0 where one domain has all of it, 1 where all have the same.",
    "Window": "How far pooling reaches: spots up to k - 1 cells of the array away take part, or as many spots off the array.",
    "X weight": "How much expression counts against position, or depth, in the distance between two spots.",
}  # fmt: skip

_KNOBS: Mapping[KnobPath, str] = {
    ("pooling", "window"): "Window",
    ("pooling", "scale"): "Alpha",
    ("embedding", "n_components"): "Factors",
    ("direction", "method"): "Direction",
    ("direction", "angle"): "Angle",
    ("direction", "degree"): "Depth",
    ("clustering", "x_weight"): "X weight",
    ("clustering", "n_clusters"): "Clusters",
    ("clustering", "read_out"): "Read-out",
    ("clustering", "random_state"): "Seed",
    ("refinement", "rounds"): "Refinement",
}


def anchor(term: str) -> str:
    """Name the place of a term on its page."""
    if term not in TERMS:
        raise KeyError(term)
    return term.lower().replace(" ", "-")


def link(term: str, words: str = "") -> str:
    """Write a link to a term, beside whichever page this is."""
    return f"[{words or term}]({PAGE}#{anchor(term)})"


def more_on(*terms: str) -> str:
    """Write the sentence with which a help text points to terms."""
    return f" More in the glossary: {', '.join(map(link, terms))}."


def more_on_knob(path: KnobPath) -> str:
    """Write the sentence with which the help of a knob points to its term; empty where there is none."""
    return more_on(_KNOBS[path]) if path in _KNOBS else ""
