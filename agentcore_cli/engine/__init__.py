"""How a deploy happens.

A caller hands over *resources* and a *journal*. A resource is one thing that the caller owns somewhere (a bundle, a
role, a runtime): it has a key, names the keys it depends on, and knows four verbs. `desired` says what it should be,
`read` says what it is, `apply` makes the second equal the first, `destroy` removes it. The engine has never heard of
AWS, of YAML, or of any concrete resource; what a resource is made of reaches it as *facts*, a mapping of plain JSON.

**Plan** (`plan.py`). Every resource is read, in parallel. Then, in the order of their dependencies, each is asked what
it should be, given what the earlier ones are or promise to become. Desired and read are compared fact by fact
(`difference.py`), and the record of the last deploy tells the reason apart: the configuration changed, somebody
changed the thing behind our back, or an earlier deploy did not finish. What comes out is data, one `Change` per
resource: create, update, replace, adopt, keep, delete or forget, with the fields that change, old and new, secrets
blanked. A dry run ends here, and so does a thing of our name that is not ours: the resource says so and the plan is
refused.

A resource may also say that a change *widens* what somebody is allowed to do: the plan carries that flag, and the
caller asks before it goes on.

**Apply** (`apply.py`, `order.py`). First whatever can fail without having changed anything (*preparing*: an image is
built and checked), then the steps: each starts as soon as those it waits for have ended, in threads, so what is
independent runs in parallel. A build that fails therefore leaves everything as it was. Deletions come last and in
reverse, but for a thing that *outlives* what it was made from.

A step that has to call something that must not happen twice takes its *token* from the journal: the intent (the token
and a digest of what is wanted) is on disk before the call, the record of what came out is on disk before the next step
starts. A process killed between the call and the record left the intent behind; the next plan looks, finds the thing
that the dead process made, and goes on with it. If the call never arrived, it is made again with the same token, so
that a late arrival of the first can't make a second thing.

**Resume is planning again.** There is no saved plan and no rollback: what is done is read, and what is missing is
planned. The same holds for Ctrl-C (running steps stop at their next pause, and the engine says what exists), for a
failed step, and for a record that is lost or stale, since a resource also finds itself by its name and its owner tags.

**Destroy** is a plan of deletions, in reverse order, of what the resources recognise as theirs; each is read again when
it is gone, and only then forgotten. What is recorded and belongs to somebody else stays: its record alone is forgotten.

The engine holds no lock: a caller keeps two deploys of one target apart with `files.lock`, which dies with its holder.
"""

from agentcore_cli.engine.apply import Outcome, apply
from agentcore_cli.engine.difference import PENDING, Facts, FieldChange
from agentcore_cli.engine.journal import Journal, JournalRecord
from agentcore_cli.engine.plan import Action, Change, Plan, PlannedStep, forgetting, plan_deploy, plan_destroy
from agentcore_cli.engine.resource import Desired, Found, Outputs, Resource, Work

__all__ = [
    "PENDING",
    "Action",
    "Change",
    "Desired",
    "Facts",
    "FieldChange",
    "Found",
    "Journal",
    "JournalRecord",
    "Outcome",
    "Outputs",
    "Plan",
    "PlannedStep",
    "Resource",
    "Work",
    "apply",
    "forgetting",
    "plan_deploy",
    "plan_destroy",
]
