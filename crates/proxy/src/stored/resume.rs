//! A request that goes on from an answer that was kept: what came before is put in front of it.

use std::collections::HashMap;

use serde_json::value::RawValue;
use trunkline_route::Lane;
use trunkline_wire::dialects::openai_responses::state;
use trunkline_wire::{DialectId, Fault, FaultKind};

use super::{KeptResponse, ResponseStore, Shelf, items};
use crate::prepare::Taken;

/// Answers looked up for the items that one request refers to. Mostly one does, since an answer is kept with all that
/// came before it. Guards the store against a request that names thousands.
const REFERRED_ANSWERS_MAX: usize = 16;

/// The code of a fault that says that what a request goes on from is not kept here.
pub(crate) const UNKNOWN_RESPONSE: &str = "previous_response_not_found";

/// Whether the request may build on kept answers that the provider in this lane knows nothing of, and they are not in it
/// yet.
pub(crate) fn needs_state(taken: &Taken<'_>, lane: Lane) -> bool {
    let made_here = match lane {
        // The provider keeps its own.
        Lane::Native => false,
        Lane::Bridged(_) | Lane::Adapter(_) | Lane::Counted | Lane::Estimated => true,
    };
    made_here && taken.surface.dialect == DialectId::OpenaiResponses && taken.decoded.get().is_none()
}

/// Decodes the request and puts into it what it goes on from and refers to.
///
/// # Errors
/// When the body is not what it must be, what it builds on is not known to this caller, or the store is out of reach.
pub(crate) async fn resume(taken: &Taken<'_>, store: &dyn ResponseStore, owner: Option<&str>) -> Result<(), Fault> {
    let mut request = taken.decode()?;
    let shelf = Shelf::of(store, owner);
    let previous = match state::previous_response_id(&request) {
        Some(id) => Some(shelf.find(&id).await?.ok_or_else(|| unknown(&id))?),
        None => None,
    };
    let references = state::references(&request);
    if !references.is_empty() {
        let known = referred(&references, previous.as_ref(), &shelf).await?;
        state::replace_references(&mut request, |id| known.get(id).cloned())?;
    }
    if let Some(previous) = &previous {
        let (input, output) = (items(&previous.input)?, items(&previous.output)?);
        state::resume(&mut request, &[input, output].concat())?;
    }
    taken.set_decoded(request);
    Ok(())
}

fn unknown(id: &str) -> Fault {
    let message = format!("Previous response with id '{id}' not found.");
    Fault::new(FaultKind::InvalidRequest, message).with_param("previous_response_id").with_code(UNKNOWN_RESPONSE)
}

/// The items with these ids, as far as they are known.
async fn referred(
    references: &[String],
    previous: Option<&KeptResponse>,
    shelf: &Shelf<'_>,
) -> Result<HashMap<String, Box<RawValue>>, Fault> {
    let mut known = HashMap::new();
    if let Some(previous) = previous {
        add(previous, &mut known)?;
    }
    let mut asked = Vec::new();
    // The last answer that is referred to holds those before it.
    for id in references.iter().rev() {
        let Some(answer) = answer_of(id).filter(|answer| !known.contains_key(id) && !asked.contains(answer)) else {
            continue;
        };
        if asked.len() == REFERRED_ANSWERS_MAX {
            break;
        }
        if let Some(kept) = shelf.find(&answer).await? {
            add(&kept, &mut known)?;
        }
        asked.push(answer);
    }
    Ok(known)
}

fn add(kept: &KeptResponse, known: &mut HashMap<String, Box<RawValue>>) -> Result<(), Fault> {
    for item in items(&kept.input)?.into_iter().chain(items(&kept.output)?) {
        if let Some(id) = state::item_id(item) {
            known.insert(id, item.to_owned());
        }
    }
    Ok(())
}

/// The answer whose item has this id; our own ids of items have that of their request in them.
fn answer_of(item: &str) -> Option<String> {
    let is_request = |part: &&str| part.len() == 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    item.split('_').find(is_request).map(|request| format!("resp_{request}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_items_id_leads_to_its_answer() {
        let request = "0123456789abcdef0123456789abcdef";
        let answer = format!("resp_{request}");
        for prefix in ["msg", "rs", "fc"] {
            assert_eq!(answer_of(&format!("{prefix}_{request}_0")).as_ref(), Some(&answer), "{prefix}");
            assert_eq!(answer_of(&format!("{prefix}_{request}_in12")).as_ref(), Some(&answer), "{prefix}");
        }
        for stranger in ["", "_", "msg_1", "msg_0123456789abcdef0123456789abcdeg_0", "item-9"] {
            assert_eq!(answer_of(stranger), None, "{stranger:?}");
        }
    }
}
