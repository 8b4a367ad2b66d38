//! "did you mean"

/// The candidate that `word` was probably meant to be.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = word.to_lowercase();
    // A slip in every third character is still a slip; more is another word.
    let slips_max = word.chars().count().div_ceil(3).min(3);
    let distances = candidates.into_iter().map(|candidate| {
        let slips = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
        (slips, candidate)
    });
    distances.filter(|(slips, _)| *slips <= slips_max).min_by_key(|(slips, _)| *slips).map(|(_, candidate)| candidate)
}

/// `did you mean` the nearest candidate, or all that there are.
pub(crate) fn hint(word: &str, candidates: &[&str]) -> Option<String> {
    match nearest(word, candidates.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if candidates.is_empty() => None,
        None => Some(format!("there are {}", list(candidates))),
    }
}

/// `a`, `b`, `c`
pub(crate) fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
