//! What targets cost.

use std::sync::Arc;

use trunkline_providers::Price;
use trunkline_providers::price::{self, DecimalError, PriceList, Tariff, Tier, TokenPrices, UnitPrice};

use super::Resolver;
use crate::file::{PriceChange, PriceSection, PriceTier};
use crate::path::{Path, path};

/// What a table says of tokens, whichever table it is.
#[derive(Clone, Copy)]
struct Stated {
    input: f64,
    output: f64,
    cached_input: Option<f64>,
    cache_write: Option<f64>,
    audio_input: Option<f64>,
    audio_output: Option<f64>,
}

impl Resolver<'_, '_> {
    /// What models cost where neither they nor their targets say it: the list, and what `[prices]` says instead.
    pub(super) fn stated_prices(&mut self) -> Arc<PriceList> {
        let listed = self.overrides.prices.clone().unwrap_or_else(PriceList::built_in);
        let file = self.file;
        if file.prices.is_empty() {
            return listed;
        }
        let mut prices = PriceList::clone(&listed);
        for (name, stated) in &file.prices {
            let at = path(&["prices", name]);
            let Some(price) = self.price(stated, &at) else { continue };
            if !prices.state(name, Price::clone(&price)) {
                let hint = "write the provider's name and its own name for the model: `openai/gpt-5`".to_owned();
                self.findings.at_key(&at, format!("{name:?} names no model of a provider"), Some(hint));
            }
        }
        Arc::new(prices)
    }

    /// What a document says of a price; `None` when that is wrong.
    pub(super) fn price(&mut self, stated: &PriceSection, at: &Path) -> Option<Arc<Price>> {
        let now = self.tariff(stated.into(), (stated.request, stated.second), &stated.tiers, at);
        let changes: Vec<_> = stated
            .changes
            .iter()
            .enumerate()
            .map(|(index, change)| {
                let at = at.key("changes").index(index);
                let tariff = self.tariff(change.into(), (change.request, change.second), &change.tiers, &at);
                Some((self.day(&change.from, &at.key("from"))?, tariff?))
            })
            .collect();
        let changes: Option<Vec<_>> = changes.into_iter().collect();
        let all = std::iter::once((0, now?)).chain(changes?).collect();
        Price::since(all).map(Arc::new)
    }

    fn tariff(
        &mut self,
        tokens: Stated,
        (request, second): (f64, f64),
        tiers: &[PriceTier],
        at: &Path,
    ) -> Option<Tariff> {
        let tokens = self.tokens(tokens, at);
        let request = self.decimal(request, &at.key("request"), UnitPrice::usd_per_unit);
        let second = self.decimal(second, &at.key("second"), UnitPrice::usd_per_unit);
        let tiers: Vec<_> = tiers
            .iter()
            .enumerate()
            .map(|(index, tier)| {
                let tokens = self.tokens(tier.into(), &at.key("tiers").index(index));
                Some(Tier { above: tier.above, tokens: tokens? })
            })
            .collect();
        let tiers: Option<Vec<_>> = tiers.into_iter().collect();
        Some(Tariff { tokens: tokens?, tiers: tiers?, request: request?, second: second? })
    }

    fn tokens(&mut self, stated: Stated, at: &Path) -> Option<TokenPrices> {
        let mut read = |name: &str, stated: f64| self.decimal(stated, &at.key(name), UnitPrice::usd_per_mtok);
        let (input, output) = (read("input", stated.input), read("output", stated.output));
        let mut or = |name: &str, stated: Option<f64>, default| stated.map_or(default, |stated| read(name, stated));
        let cached_input = or("cached_input", stated.cached_input, input);
        let cache_write = or("cache_write", stated.cache_write, input);
        let audio_input = or("audio_input", stated.audio_input, input);
        let audio_output = or("audio_output", stated.audio_output, output);
        Some(TokenPrices {
            input: input?,
            output: output?,
            cached_input: cached_input?,
            cache_write: cache_write?,
            audio_input: audio_input?,
            audio_output: audio_output?,
        })
    }

    fn decimal(
        &mut self,
        stated: f64,
        at: &Path,
        read: fn(&str) -> Result<UnitPrice, DecimalError>,
    ) -> Option<UnitPrice> {
        // The shortest text that is read as this number is the decimal that was written.
        let read = read(&stated.to_string());
        read.map_err(|error| self.findings.at(at, format!("{stated} is {error}"), None)).ok()
    }

    fn day(&mut self, stated: &str, at: &Path) -> Option<u64> {
        let begins = price::day(stated);
        if begins.is_none() {
            let hint = "write a day such as `2026-12-01`".to_owned();
            self.findings.at(at, format!("{stated:?} is no day"), Some(hint));
        }
        begins
    }
}

impl From<&PriceSection> for Stated {
    fn from(of: &PriceSection) -> Self {
        let PriceSection { input, output, cached_input, cache_write, audio_input, audio_output, .. } = *of;
        Self { input, output, cached_input, cache_write, audio_input, audio_output }
    }
}

impl From<&PriceChange> for Stated {
    fn from(of: &PriceChange) -> Self {
        let PriceChange { input, output, cached_input, cache_write, audio_input, audio_output, .. } = *of;
        Self { input, output, cached_input, cache_write, audio_input, audio_output }
    }
}

impl From<&PriceTier> for Stated {
    fn from(of: &PriceTier) -> Self {
        let PriceTier { input, output, cached_input, cache_write, audio_input, audio_output, .. } = *of;
        Self { input, output, cached_input, cache_write, audio_input, audio_output }
    }
}
