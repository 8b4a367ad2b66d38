//! What a model costs, and what a request cost: the only place that prices tokens.

pub mod list;
pub mod public;
mod unit;

use trunkline_wire::ir::Usage;
use trunkline_wire::timestamp;

pub use list::PriceList;
pub use trunkline_wire::Usd;
pub use trunkline_wire::usd::DecimalError;
pub use unit::UnitPrice;

use unit::from_atto;

/// What a model costs, then and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// By the moment that each begins to hold, the earliest first; at least one.
    tariffs: Vec<(u64, Tariff)>,
    /// Whether a list says so, and not the operator.
    is_listed: bool,
}

/// What a model costs at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tariff {
    /// What its tokens cost, unless a tier says otherwise.
    pub tokens: TokenPrices,
    /// What they cost when the prompt is long, the longest prompt last.
    pub tiers: Vec<Tier>,
    /// What a request costs beside its tokens.
    pub request: UnitPrice,
    /// What a second costs, from asking to the end of the answer.
    pub second: UnitPrice,
}

/// What tokens cost when the prompt is long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// It holds for prompts of more tokens than this, cached ones included.
    pub above: u64,
    /// For all tokens of the request.
    pub tokens: TokenPrices,
}

/// What a token costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenPrices {
    /// Of the prompt.
    pub input: UnitPrice,
    /// Of the answer.
    pub output: UnitPrice,
    /// Of the prompt, read from a cache.
    pub cached_input: UnitPrice,
    /// Of the prompt, written to a cache.
    pub cache_write: UnitPrice,
    /// Of sound in the prompt.
    pub audio_input: UnitPrice,
    /// Of sound in the answer.
    pub audio_output: UnitPrice,
}

/// When a request came, and how long it took: what of it costs, or says what costs, beside its tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// When it came, in milliseconds since the Unix epoch: it costs what was asked for then.
    pub at_ms: u64,
    /// How long it was served, in microseconds.
    pub took_us: u64,
}

/// Parts of a pico-USD: the finest that a microsecond at some price a second comes to.
const ATTO_PER_PICO: u128 = 1_000_000;

impl Price {
    /// One price at all times.
    pub fn always(tariff: Tariff) -> Self {
        Self { tariffs: vec![(0, tariff)], is_listed: false }
    }

    /// Prices by the moment that each begins to hold, in milliseconds since the Unix epoch. `None` when there are none.
    pub fn since(mut tariffs: Vec<(u64, Tariff)>) -> Option<Self> {
        tariffs.sort_by_key(|(from_ms, _)| *from_ms);
        for (_, tariff) in &mut tariffs {
            tariff.tiers.sort_by_key(|tier| tier.above);
        }
        (!tariffs.is_empty()).then_some(Self { tariffs, is_listed: false })
    }

    /// What holds at this moment; `None` before the first begins to.
    pub fn at(&self, at_ms: u64) -> Option<&Tariff> {
        self.tariffs.iter().rfind(|(from_ms, _)| *from_ms <= at_ms).map(|(_, tariff)| tariff)
    }

    /// Whether it is from a price list, and not the operator's own.
    pub fn is_listed(&self) -> bool {
        self.is_listed
    }

    /// Whether time costs something, at any time.
    pub fn is_timed(&self) -> bool {
        self.tariffs.iter().any(|(_, tariff)| tariff.second != UnitPrice::ZERO)
    }

    /// What these tokens cost. `None` when nobody knows: no price holds at that time.
    pub fn cost(&self, usage: &Usage, extent: Extent) -> Option<Usd> {
        let tariff = self.at(extent.at_ms)?;
        let tokens = tariff.tokens_for(usage.prompt()).pico(usage);
        let pico = tokens.saturating_add(u128::from(tariff.request.pico()));
        let timed = u128::from(extent.took_us).saturating_mul(u128::from(tariff.second.pico()));
        Some(from_atto(pico.saturating_mul(ATTO_PER_PICO).saturating_add(timed)))
    }

    /// What so long a prompt and so long an answer cost at most: whether a prompt is written to a cache is not known
    /// beforehand, and may cost more. `None` as for [`Price::cost`].
    pub fn cost_max(&self, prompt: u64, output: u64, extent: Extent) -> Option<Usd> {
        let tokens = self.at(extent.at_ms)?.tokens_for(prompt);
        let usage = if tokens.cache_write > tokens.input {
            Usage { cache_write: prompt, output, ..Usage::default() }
        } else {
            Usage { input: prompt, output, ..Usage::default() }
        };
        self.cost(&usage, extent)
    }

    /// What an answer costs of which nobody counted the tokens; `None` when they cost something, and as for [`Price::cost`].
    pub fn cost_uncounted(&self, extent: Extent) -> Option<Usd> {
        let tariff = self.at(extent.at_ms)?;
        let free = TokenPrices::default();
        let is_free = tariff.tokens == free && tariff.tiers.iter().all(|tier| tier.tokens == free);
        is_free.then(|| self.cost(&Usage::default(), extent)).flatten()
    }

    /// What was not paid because some of the prompt came from a cache; `None` as for [`Price::cost`].
    pub fn saved(&self, usage: &Usage, extent: Extent) -> Option<Usd> {
        let tariff = self.at(extent.at_ms)?;
        if usage.cache_read == 0 {
            return Some(Usd::ZERO);
        }
        let tokens = tariff.tokens_for(usage.prompt());
        let a_token = tokens.input.pico().saturating_sub(tokens.cached_input.pico());
        Some(from_atto(product(usage.cache_read, UnitPrice::from_pico(a_token)).saturating_mul(ATTO_PER_PICO)))
    }
}

impl Tariff {
    /// What tokens cost after a prompt of so many.
    pub fn tokens_for(&self, prompt_tokens: u64) -> &TokenPrices {
        let tier = self.tiers.iter().rfind(|tier| prompt_tokens > tier.above);
        tier.map_or(&self.tokens, |tier| &tier.tokens)
    }
}

impl TokenPrices {
    fn pico(&self, usage: &Usage) -> u128 {
        // A part cannot be more than the whole, whatever a provider says.
        let heard = usage.audio_input.min(usage.input);
        let spoken = usage.audio_output.min(usage.output);
        let parts = [
            (usage.input - heard, self.input),
            (heard, self.audio_input),
            (usage.cache_read, self.cached_input),
            (usage.cache_write, self.cache_write),
            (usage.output - spoken, self.output),
            (spoken, self.audio_output),
        ];
        parts.into_iter().map(|(count, rate)| product(count, rate)).fold(0, u128::saturating_add)
    }
}

/// When a day such as `2026-12-01` begins in UTC, in milliseconds since the Unix epoch. `None` for what is no day.
pub fn day(text: &str) -> Option<u64> {
    let midnight = format!("{text}T00:00:00Z");
    let seconds = timestamp::read(&midnight)?;
    // The thirtieth of February is read as a day of March.
    (timestamp::write(seconds) == midnight).then_some(seconds * 1000)
}

fn product(count: u64, rate: UnitPrice) -> u128 {
    u128::from(count) * u128::from(rate.pico())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn per_mtok(input: &str, output: &str, cached_input: &str, cache_write: &str) -> TokenPrices {
        let rate = |text| UnitPrice::usd_per_mtok(text).expect("a price");
        TokenPrices {
            input: rate(input),
            output: rate(output),
            cached_input: rate(cached_input),
            cache_write: rate(cache_write),
            audio_input: rate(input),
            audio_output: rate(output),
        }
    }

    fn usd(text: &str) -> Option<Usd> {
        Some(Usd::parse(text).expect("an amount"))
    }

    const USAGE: Usage = Usage {
        input: 1_000,
        cache_read: 4_000,
        cache_write: 500,
        output: 200,
        reasoning: 50,
        audio_input: 0,
        audio_output: 0,
    };

    #[test]
    fn each_kind_of_token_has_its_price() {
        let price = Price::always(Tariff { tokens: per_mtok("3", "15", "0.3", "3.75"), ..Tariff::default() });
        let extent = Extent::default();
        // 0.003 + 0.0012 + 0.001875 + 0.003; reasoning is a part of the output.
        assert_eq!(price.cost(&USAGE, extent), usd("0.009075"));
        assert_eq!(price.saved(&USAGE, extent), usd("0.0108"));
    }

    #[test]
    fn sound_has_its_price_and_is_a_part_of_the_whole() {
        let pico = UnitPrice::from_pico;
        let tokens = TokenPrices {
            input: pico(1_000),
            output: pico(2_000),
            audio_input: pico(10_000),
            ..TokenPrices::default()
        };
        let price = Price::always(Tariff { tokens, ..Tariff::default() });
        let heard = |audio_input| Usage { input: 10, audio_input, ..Usage::default() };
        let cost = |usage| price.cost(&usage, Extent::default()).map(Usd::nano);
        assert_eq!([cost(heard(0)), cost(heard(4)), cost(heard(99))], [Some(10), Some(46), Some(100)]);
    }

    #[test]
    fn a_long_prompt_has_its_own_prices_cached_tokens_counted() {
        let tiers = vec![Tier { above: 5_499, tokens: per_mtok("6", "30", "0.6", "7.5") }];
        let tariff = Tariff { tokens: per_mtok("3", "15", "0.3", "3.75"), tiers, ..Tariff::default() };
        let price = Price::always(tariff);
        assert_eq!(price.cost(&USAGE, Extent::default()), usd("0.01815"));
        let shorter = Usage { cache_read: 3_999, ..USAGE };
        assert_eq!(price.cost(&shorter, Extent::default()), usd("0.0090747"), "at the mark itself it is not above it");
    }

    #[test]
    fn requests_and_seconds_cost_beside_tokens() {
        let unit = |text| UnitPrice::usd_per_unit(text).expect("a price");
        let tariff = Tariff { request: unit("0.005"), second: unit("0.0004"), ..Tariff::default() };
        let extent = Extent { at_ms: 0, took_us: 2_500_000 };
        assert_eq!(Price::always(tariff).cost(&USAGE, extent), usd("0.006"));
    }

    #[test]
    fn a_price_holds_from_its_day_on() {
        let at = |input| Tariff { tokens: per_mtok(input, "0", "0", "0"), ..Tariff::default() };
        let price = Price::since(vec![(200, at("2")), (100, at("1"))]).expect("there are some");
        let cost = |at_ms| price.cost(&USAGE, Extent { at_ms, took_us: 0 });
        assert_eq!([cost(99), cost(100), cost(199), cost(200)], [None, usd("0.001"), usd("0.001"), usd("0.002")]);
        assert_eq!(Price::since(Vec::new()), None);
    }

    #[test]
    fn what_is_free_costs_nothing_and_that_is_known() {
        assert_eq!(Price::always(Tariff::default()).cost(&USAGE, Extent::default()), Some(Usd::ZERO));
    }

    #[test]
    fn days_begin_at_midnight() {
        assert_eq!(day("2026-12-01"), Some(1_796_083_200_000));
        for text in ["2026-02-30", "2026-13-01", "2026-1-1", "yesterday", "", "2026-12-01T00:00:00Z"] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    /// The sum in whole attos by long division, one token kind after another, rounded at the very end.
    fn reference(counts: &[(u64, u64)], second_pico: u64, took_us: u64) -> i64 {
        let atto: i128 = counts.iter().map(|(count, pico)| i128::from(*count) * i128::from(*pico) * 1_000_000).sum();
        let atto = atto + i128::from(took_us) * i128::from(second_pico);
        let (nano, rest) = (atto.div_euclid(1_000_000_000), atto.rem_euclid(1_000_000_000));
        let up = match rest.cmp(&500_000_000) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => nano % 2,
            std::cmp::Ordering::Greater => 1,
        };
        i64::try_from(nano + up).expect("small enough")
    }

    proptest! {
        #[test]
        fn sums_are_exact(
            counts in any::<[u32; 4]>(), heard in any::<u32>(), picos in prop::array::uniform6(0..100_000_000_u64),
            second in 0..1_000_000_000_u64, took_us in 0..4_000_000_000_u64,
        ) {
            let price = |at: usize| UnitPrice::from_pico(picos[at]);
            let tokens = TokenPrices {
                input: price(0), output: price(1), cached_input: price(2),
                cache_write: price(3), audio_input: price(4), audio_output: price(5),
            };
            let tariff = Tariff { tokens, second: UnitPrice::from_pico(second), ..Tariff::default() };
            let [input, output, cache_read, cache_write] = counts.map(u64::from);
            let audio_input = u64::from(heard) % (input + 1);
            let usage = Usage { input, output, cache_read, cache_write, audio_input, ..Usage::default() };
            let cost = Price::always(tariff).cost(&usage, Extent { at_ms: 0, took_us }).map(Usd::nano);
            let counts = [
                (input - audio_input, picos[0]), (output, picos[1]), (cache_read, picos[2]),
                (cache_write, picos[3]), (audio_input, picos[4]),
            ];
            prop_assert_eq!(cost, Some(reference(&counts, second, took_us)));
        }

        #[test]
        fn no_count_or_price_goes_wrong(counts in any::<[u64; 4]>(), picos in any::<[u64; 4]>(), took_us in any::<u64>()) {
            let rate = |at: usize| UnitPrice::from_pico(picos[at]);
            let tokens = TokenPrices { input: rate(0), output: rate(1), cached_input: rate(2), cache_write: rate(3), audio_input: rate(0), audio_output: rate(1) };
            let tariff = Tariff { tokens, second: rate(0), ..Tariff::default() };
            let usage =
                Usage { input: counts[0], output: counts[1], cache_read: counts[2], cache_write: counts[3], reasoning: 0, ..Usage::default() };
            let cost = Price::always(tariff).cost(&usage, Extent { at_ms: 0, took_us });
            prop_assert!(cost.is_some_and(|cost| cost >= Usd::ZERO));
        }
    }
}
