//! What is done to a target's answers, resolved.

use std::sync::{Arc, LazyLock};

use trunkline_providers::tool_formats;
use trunkline_wire::filter::{Mode, Patterns, Recipe, Start, Thoughts};

/// What is done to the answers of a target. A target without is left alone: its answers pass as they are.
#[derive(Clone, Debug)]
pub struct Repair {
    /// For answers that are passed on as they come.
    pub streamed: Recipe,
    /// For answers that are there as a whole before any of it is passed on.
    pub whole: Recipe,
    /// How far calls are repaired.
    pub mode: Mode,
    /// Whether thoughts are shown. Stated, it lets no answer pass unread, whether it may hold calls or not.
    pub show_reasoning: Option<bool>,
}

impl Repair {
    /// What follows from a recipe for calls and from what is stated of thoughts.
    pub(crate) fn new(recipe: Recipe, mode: Mode, show_reasoning: Option<bool>) -> Arc<Self> {
        let recipe = recipe.with_mode(mode);
        let thoughts = |start| Thoughts { start, shown: show_reasoning.unwrap_or(true) };
        Arc::new(Self {
            whole: recipe.clone().with_thoughts(thoughts(Start::Unknown)),
            streamed: recipe.with_thoughts(thoughts(Start::Answer)),
            mode,
            show_reasoning,
        })
    }
}

/// The recipe for models whose names say nothing of their formats. Made once: a search is a table of some size.
static ANY: LazyLock<Recipe> = LazyLock::new(|| Recipe::new(Mode::Mend));

/// Those for models whose names do, in the order of [`tool_formats::ALL`].
static KNOWN: LazyLock<Vec<Recipe>> = LazyLock::new(|| {
    let of = |formats: &tool_formats::ToolFormats| Recipe::of_families(Mode::Mend, |family| formats.has(family));
    tool_formats::ALL.iter().map(of).collect()
});

fn usual_recipe(model: &str) -> &'static Recipe {
    tool_formats::place(model).and_then(|place| KNOWN.get(place)).unwrap_or(&ANY)
}

/// What is done to the answers of models of which the document says nothing: one for each of the makers that are told by
/// a model's name, and one for all others. Empty where nothing is done to them.
#[derive(Clone, Debug, Default)]
pub struct UsualRepairs {
    known: Vec<Arc<Repair>>,
    others: Option<Arc<Repair>>,
}

impl UsualRepairs {
    /// Those of a vendor.
    pub(crate) fn of_vendor(self_hosted: bool, patterns: &Arc<Patterns>) -> Self {
        if !self_hosted {
            return Self::default();
        }
        let of = |recipe: &Recipe| Repair::new(recipe.clone().with_patterns(Arc::clone(patterns)), Mode::Mend, None);
        Self { known: KNOWN.iter().map(of).collect(), others: Some(of(&ANY)) }
    }

    /// What is done to this model's answers; `None`: nothing.
    pub fn of(&self, model: &str) -> Option<Arc<Repair>> {
        let others = self.others.as_ref()?;
        Some(Arc::clone(tool_formats::place(model).and_then(|place| self.known.get(place)).unwrap_or(others)))
    }

    /// The same in memory of its own.
    pub(super) fn detached(&self) -> Self {
        let own = |repair: &Arc<Repair>| Arc::new(Repair::clone(repair));
        Self { known: self.known.iter().map(own).collect(), others: self.others.as_ref().map(own) }
    }
}

/// What the document says of a model's answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatedRepair {
    /// How far calls are repaired.
    pub mode: Option<Mode>,
    /// Families of formats; `None`: as the model's name says.
    pub families: Option<Vec<String>>,
    /// Whether thoughts are shown.
    pub show_reasoning: Option<bool>,
}

impl StatedRepair {
    /// This, and what it does not say as `other` says it.
    #[must_use]
    pub(crate) fn or(self, other: &Self) -> Self {
        Self {
            mode: self.mode.or(other.mode),
            families: self.families.or_else(|| other.families.clone()),
            show_reasoning: self.show_reasoning.or(other.show_reasoning),
        }
    }

    /// What is done to the answers of this model of a vendor; `None`: nothing.
    pub(crate) fn resolve(&self, self_hosted: bool, model: &str, patterns: &Arc<Patterns>) -> Option<Arc<Repair>> {
        let mode = self.mode.unwrap_or(if self_hosted { Mode::Mend } else { Mode::Off });
        if mode == Mode::Off && self.show_reasoning.is_none() {
            return None;
        }
        let recipe = match &self.families {
            Some(families) => Recipe::of_families(mode, |family| families.iter().any(|stated| stated == family)),
            None => usual_recipe(model).clone(),
        };
        Some(Repair::new(recipe.with_patterns(Arc::clone(patterns)), mode, self.show_reasoning))
    }
}
