//! Escalation policies: which channels are told of an incident, how many minutes after it opened.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ChannelId, Faults, Field, Fields, Items, Object, merge_patch::merge, text::Name, text_spec};

/// Steps of one policy, at most.
pub const STEPS_MAX: usize = 10;

/// Channels of one step, at most.
pub const CHANNELS_MAX: usize = 20;

/// The latest step, in minutes after the opening: a day.
pub const AFTER_MINUTES_MAX: u32 = 1_440;

/// The longest time between the last step and its repeat, in minutes: a day.
pub const REPEAT_MINUTES_MAX: u32 = 1_440;

/// Repeats of one policy in one incident, at most.
pub const REPEATS_MAX: u8 = 20;

/// Display name.
pub const NAME: Field = Field::text("name", &text_spec::NAME).required().says("Display name.");

/// What is done, in order.
pub const STEPS: Field = Field::list("steps", "step", Items::Objects(&Step::OBJECT), 1, Some(STEPS_MAX))
    .required()
    .says("Steps in ascending order of `after_minutes`. Acknowledging or resolving the incident stops them.")
    .on_patch("Replaces the list.");

/// When the steps begin again.
pub const REPEAT_MINUTES: Field = Field::integer("repeat_minutes", 5, REPEAT_MINUTES_MAX as i64)
    .says("Minutes after the last step until the steps are repeated from the first, at most 20 times. Acknowledging or resolving the incident stops repeats.")
    .computed("no repeats")
    .example(crate::Literal::Int(30));

const AFTER_MINUTES: Field = Field::integer("after_minutes", 0, AFTER_MINUTES_MAX as i64)
    .required()
    .says("Minutes between the opening of the incident and this step. Greater than that of the step before.")
    .example(crate::Literal::Int(0));

const CHANNEL_IDS: Field = Field::list("channel_ids", "channel", Items::Texts(&ChannelId::TEXT), 1, Some(CHANNELS_MAX))
    .required()
    .says("Channels that are told of the incident, without repeats.");

/// Whom an incident reaches, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscalationPolicy {
    /// Display name.
    pub name: Name,
    /// Who is told, and when.
    #[serde(flatten)]
    pub steps: Steps,
}

/// The part of a policy that decides who is told when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps {
    /// 1 to 10 steps, in strictly ascending order of `after_minutes`.
    pub steps: Vec<Step>,
    /// Minutes after the last step until they are repeated from the first. Without it they are not repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_minutes: Option<u32>,
}

/// One step of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Minutes after the opening of the incident. It identifies the step within its policy.
    pub after_minutes: u32,
    /// 1 to 20 channels, without repeats.
    pub channel_ids: Vec<ChannelId>,
}

impl Steps {
    /// Channels of the first step: they are told of events of no incident, such as a certificate that expires.
    pub fn first(&self) -> &[ChannelId] {
        self.steps.first().map_or(&[], |step| &step.channel_ids)
    }
}

impl EscalationPolicy {
    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "EscalationPolicyCreate",
        patch_name: "EscalationPolicyPatch",
        says: "Settings of an escalation policy.",
        fields: &[NAME, STEPS, REPEAT_MINUTES],
    };

    /// Reads a request's body, reporting every fault at once.
    ///
    /// # Errors
    /// All faults, each with its pointer.
    pub fn read(body: &Value) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut fields = Fields::of(body, "", &mut faults);
        let name = fields.read(&NAME, &mut faults);
        let steps = fields.objects(&STEPS, &mut faults, Step::read);
        let repeat_minutes = fields.read(&REPEAT_MINUTES, &mut faults);
        fields.finish(&mut faults);
        let steps = steps.map(|steps| steps.into_iter().flatten().collect::<Vec<Step>>());
        ascending(body, &mut faults);
        let policy = move || Some(Self { name: name?, steps: Steps { steps: steps?, repeat_minutes } });
        faults.finish(policy())
    }

    /// This policy with a JSON Merge Patch (RFC 7396) applied: `null` goes back to the default, what is absent stays.
    ///
    /// # Errors
    /// All faults of the result, each with its pointer.
    pub fn patched(&self, patch: &Value) -> Result<Self, Faults> {
        let mut merged = if patch.is_object() { serde_json::to_value(self).unwrap_or_default() } else { Value::Null };
        merge(&mut merged, patch);
        Self::read(&merged)
    }

    /// The channels that it names, each once.
    pub fn channels(&self) -> BTreeSet<ChannelId> {
        self.steps.steps.iter().flat_map(|step| step.channel_ids.iter().copied()).collect()
    }

    /// A fault for each channel that is none of the account's.
    pub fn unknown_channels(&self, known: &BTreeSet<ChannelId>) -> Faults {
        let mut faults = Faults::default();
        for (place, step) in self.steps.steps.iter().enumerate() {
            for (within, channel) in step.channel_ids.iter().enumerate() {
                if !known.contains(channel) {
                    faults.add(format!("/steps/{place}/channel_ids/{within}"), "must be the id of a channel");
                }
            }
        }
        faults
    }
}

impl Step {
    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "EscalationStep",
        patch_name: "",
        says: "Channels that are told at one time.",
        fields: &[AFTER_MINUTES, CHANNEL_IDS],
    };

    fn read(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Self> {
        let after_minutes = fields.read(&AFTER_MINUTES, faults);
        let channel_ids: Option<Vec<ChannelId>> = fields.read(&CHANNEL_IDS, faults);
        let mut seen = BTreeSet::new();
        for (place, channel) in channel_ids.iter().flatten().enumerate() {
            if !seen.insert(*channel) {
                faults.add(format!("{}/{place}", fields.pointer(CHANNEL_IDS.name)), "is named twice in this step");
            }
        }
        Some(Self { after_minutes: after_minutes?, channel_ids: channel_ids? })
    }
}

/// A fault for each step that does not come after the one before it. Looks at the body, so that a step with another fault takes part.
fn ascending(body: &Value, faults: &mut Faults) {
    let steps = body.get(STEPS.name).and_then(Value::as_array);
    let minutes = |step: &Value| step.get(AFTER_MINUTES.name).and_then(Value::as_f64);
    for (place, pair) in steps.map(|steps| steps.windows(2)).into_iter().flatten().enumerate() {
        if let (Some(before), Some(after)) = (minutes(&pair[0]), minutes(&pair[1]))
            && after <= before
        {
            let pointer = format!("/{}/{}/{}", STEPS.name, place + 1, AFTER_MINUTES.name);
            faults.add(pointer, format!("must be greater than {before}, that of the step before"));
        }
    }
}

#[cfg(test)]
mod tests;
