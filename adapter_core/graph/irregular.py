"""English forms that no rule of endings takes back to their verb: `kept` of `keep`, `failure` of `fail`, `expansion` of `expand`."""

from __future__ import annotations

# A verb, then its other forms and the nouns of its act. Left out are those that are more often something else in code: `bound` (a limit),
# `left`, `found`, `saw`, `application`, `information`.
_TABLE = """
acquire acquisition
admit admission
age aged
allow allowance
approve approval
arise arose arisen
arrive arrival
assume assumption
begin began begun beginning
bend bent
bite bitten
blow blew blown
break broke broken breakage
bring brought
build built
buy bought
catch caught
choose chose chosen choice
collide collision
compare comparison
compile compilation
conclude conclusion
configure configuration
convert conversion
correspond correspondence
deceive deception
decide decision
declare declaration
decline declination
defend defence defense
deliver delivery
deny denial
describe description
destroy destruction
determine determination
die died dying death
discover discovery
dismiss dismissal
dispose disposal
divide division
draw drew drawn
drive drove driven
eat ate eaten
emit emission
exclude exclusion
exist existence
expand expansion
expire expiration expiry
explain explanation
explode explosion
explore exploration
expose exposure
extend extension
fail failure
fall fell fallen
feed fed
fly flew flown
forget forgot forgotten
free freed freeing
freeze froze frozen
get got gotten
give gave given
go went gone going
grow grew grown growth
hear heard
hide hid hidden
hold held
identify identification
include inclusion
inherit inheritance
interfere interference
invert inversion
invoke invocation
keep kept
know knew known
lead led
lend lent
lie lied lying
lose lost loss
maintain maintenance
meet met
modify modification
multiply multiplication
notify notification
occur occurrence
omit omission
owe owed
pay paid
permit permission
persist persistence
precede precedence
prefer preference
prepare preparation
preserve preservation
prove proved proven proof
receive reception receipt
recognize recognition
recover recovery
recur recurrence recursion
refuse refusal
register registration
remove removal
renew renewal
repeat repetition
reserve reservation
resist resistance
resolve resolution
respond response
retrieve retrieval
reverse reversal
revise revision
revoke revocation
ride rode ridden
rise rose risen
seek sought
sell sold
send sent
shake shook shaken
shoot shot
shrink shrank shrunk
simplify simplification
sleep slept
specify specification
speak spoke spoken
spend spent
steal stole stolen
stick stuck
subscribe subscription
submit submission
suspend suspension
swear swore sworn
swing swung
take took taken
teach taught
tear tore torn
tell told
throw threw thrown
tie tied tying
transform transformation
transmit transmission
traverse traversal
understand understood
unwind unwound
verify verification
wake woke woken
wear wore worn
win won
wind wound
withdraw withdrew withdrawn withdrawal
write wrote written
"""

BASE_OF = {form: base for base, *forms in map(str.split, _TABLE.split("\n")[1:-1]) for form in forms}
