"""How good words and pictures are, as numbers: one measure a module.

The measures of captions take sentences that are already split into tokens: `hyps` holds one sentence for each item,
`refs` the sentences that each item may be compared with. They give the same numbers as the reference
implementations of the field, to 1e-12 on the same tokens.

METEOR is not among them: every library that computes it needs a Java program or WordNet's tables beside it, which no
package brings along, and an own version would be another measure under the same name.
"""

from storywright.critic.metrics.bleu import bleu
from storywright.critic.metrics.cider import cider_d
from storywright.critic.metrics.distinct import distinct, self_bleu
from storywright.critic.metrics.frechet import frechet_distance
from storywright.critic.metrics.rouge import rouge_l
from storywright.critic.metrics.scored import Scored

__all__ = ["Scored", "bleu", "cider_d", "distinct", "frechet_distance", "rouge_l", "self_bleu"]
