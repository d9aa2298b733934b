"""The plots, by where they play."""

from storywright.toonworld.grammar.plots.home import HOME
from storywright.toonworld.grammar.plots.outdoors import OUTDOORS
from storywright.toonworld.grammar.plots.products import PRODUCTS
from storywright.toonworld.grammar.plots.town import TOWN

PLOTS = (*TOWN, *HOME, *OUTDOORS, *PRODUCTS)
