//! What a translation could not say.

/// One field that did not go over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// Its path in the dialect it came in, such as `top_k`, `metadata.user_id` or `messages[2].content[0].citations`.
    pub field: String,
}

impl Loss {
    /// The loss of this field.
    pub fn new(field: impl Into<String>) -> Self {
        Self { field: field.into() }
    }
}

/// Losses of one translation: each field once, at most [`Losses::MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses(Vec<Loss>);

impl Losses {
    /// Kept; more are of no use to anybody, and they go into a header.
    pub const MAX: usize = 32;

    /// Bytes of one field's path. Guards the header: members of an object are named as the client named them.
    pub const FIELD_BYTES_MAX: usize = 128;

    /// Notes one. A form ([`super::Extra::FORM`]) is none.
    pub fn add(&mut self, field: impl Into<String>) {
        let mut loss = Loss::new(field);
        if loss.field.rsplit('.').next().is_some_and(|name| name.starts_with(super::Extra::FORM)) {
            return;
        }
        let end = loss.field.floor_char_boundary(Self::FIELD_BYTES_MAX);
        loss.field.truncate(end);
        if self.0.len() < Self::MAX && !self.0.contains(&loss) {
            self.0.push(loss);
        }
    }

    /// Notes all of `others`.
    pub fn extend(&mut self, others: Self) {
        others.0.into_iter().for_each(|loss| self.add(loss.field));
    }

    /// Takes back those that are none after all.
    pub fn forgive(&mut self, is_none: impl Fn(&str) -> bool) {
        self.0.retain(|loss| !is_none(&loss.field));
    }

    /// In the order they were met.
    pub fn iter(&self) -> std::slice::Iter<'_, Loss> {
        self.0.iter()
    }

    /// The fields, with this between them.
    pub fn joined(&self, between: &str) -> String {
        self.0.iter().map(|loss| loss.field.as_str()).collect::<Vec<_>>().join(between)
    }

    /// Whether all of it went over.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_lost_once_and_a_form_never() {
        let mut losses = Losses::default();
        for field in ["top_k", "messages[0].name", "top_k", "form:text_format", "messages[0].content[1].form:id"] {
            losses.add(field);
        }
        assert_eq!(losses.iter().map(|loss| loss.field.as_str()).collect::<Vec<_>>(), ["top_k", "messages[0].name"]);
    }
    #[test]
    fn what_a_client_named_at_length_is_cut() {
        let mut losses = Losses::default();
        (0..100).for_each(|number| losses.add(format!("metadata.{number}{}", "\u{e4}".repeat(1000))));
        assert_eq!(losses.iter().len(), Losses::MAX);
        for loss in losses.iter() {
            assert!((1..=Losses::FIELD_BYTES_MAX).contains(&loss.field.len()), "{}", loss.field);
        }
    }
}
