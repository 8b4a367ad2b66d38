//! "Did you mean": the known names closest to an unknown one.

/// Names offered in one hint; more would not be read.
const NAMES_MAX: usize = 3;
/// Below this likeness (0 to 1, Jaro-Winkler) a name is no help.
const LIKENESS_MIN: f64 = 0.75;
/// Longest name that is compared: the comparison's cost grows with the square of its length.
const NAME_BYTES_MAX: usize = 256;

/// The closest of `known`, best first, at most three; empty when nothing comes near.
pub fn nearest<'a>(asked: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    if asked.len() > NAME_BYTES_MAX {
        return Vec::new();
    }
    let asked = asked.to_lowercase();
    let last = last_segment(&asked);
    let mut scored: Vec<(f64, &str)> = known
        .filter(|name| name.len() <= NAME_BYTES_MAX)
        .map(|name| {
            let lower = name.to_lowercase();
            let whole = strsim::jaro_winkler(&asked, &lower);
            // `gpt-4o` should find `openai/gpt-4o`, which as a whole looks quite different.
            (whole.max(strsim::jaro_winkler(last, last_segment(&lower)) - 0.01), name)
        })
        .filter(|(score, _)| *score >= LIKENESS_MIN)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(NAMES_MAX).map(|(_, name)| name).collect()
}

fn last_segment(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn offers_the_closest_names_best_first() {
        let known = ["openai/gpt-4o", "turbo", "groq/llama-3.3-70b-versatile", "gpt-4o-mini"];
        assert_eq!(nearest("gpt4o", known.into_iter()), ["openai/gpt-4o", "gpt-4o-mini"]);
        assert_eq!(nearest("trubo", known.into_iter()), ["turbo"]);
        assert_eq!(nearest("zzzz", known.into_iter()), Vec::<&str>::new());
    }

    #[test]
    fn does_not_compare_absurdly_long_names() {
        assert!(nearest(&"a".repeat(100_000), ["aaaa"].into_iter()).is_empty());
    }
}
