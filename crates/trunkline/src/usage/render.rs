//! Figures as a table and as CSV. A cost that is not known is `unknown`, or an empty cell, never nothing.

use trunkline_providers::Usd;
use trunkline_store::{Dimension, Figures, Period, Question};

use super::when::Zone;
use crate::request_log::is_hidden;

/// What is shown.
pub(super) struct Told<'a> {
    pub(super) question: &'a Question,
    pub(super) zone: Zone,
    pub(super) figures: &'a [Figures],
    pub(super) total: &'a Figures,
}

/// A column of CSV.
type Column = (&'static str, fn(&Figures) -> Number);

/// What stands in one.
enum Number {
    Count(u64),
    /// In microseconds, shown in milliseconds; 0 where nothing was measured, which is not nothing.
    Latency(u64),
    /// Shown exactly, in US dollars.
    Money(Option<Usd>),
}

const COLUMNS: [Column; 23] = [
    ("requests", |of| Number::Count(of.requests)),
    ("errors", |of| Number::Count(of.errors)),
    ("client_left", |of| Number::Count(of.client_left)),
    ("cached", |of| Number::Count(of.cached)),
    ("input_tokens", |of| Number::Count(of.input_tokens)),
    ("cache_read_tokens", |of| Number::Count(of.cache_read_tokens)),
    ("cache_write_tokens", |of| Number::Count(of.cache_write_tokens)),
    ("output_tokens", |of| Number::Count(of.output_tokens)),
    ("reasoning_tokens", |of| Number::Count(of.reasoning_tokens)),
    ("audio_input_tokens", |of| Number::Count(of.audio_input_tokens)),
    ("audio_output_tokens", |of| Number::Count(of.audio_output_tokens)),
    ("inexact", |of| Number::Count(of.inexact)),
    ("cost_usd", |of| Number::Money(cost(of))),
    ("unknown_cost", |of| Number::Count(of.unknown_cost)),
    ("saved_usd", |of| Number::Money(cost(of).map(|_| Usd::from_nano(of.saved_nusd)))),
    ("mean_ms", |of| Number::Latency(of.total.mean_us)),
    ("p50_ms", |of| Number::Latency(of.total.p50_us)),
    ("p95_ms", |of| Number::Latency(of.total.p95_us)),
    ("p99_ms", |of| Number::Latency(of.total.p99_us)),
    ("first_byte_mean_ms", |of| Number::Latency(of.first_byte.mean_us)),
    ("first_byte_p50_ms", |of| Number::Latency(of.first_byte.p50_us)),
    ("first_byte_p95_ms", |of| Number::Latency(of.first_byte.p95_us)),
    ("first_byte_p99_ms", |of| Number::Latency(of.first_byte.p99_us)),
];

/// What is known of the cost; `None` when there is one and nothing is known.
pub(super) fn cost(of: &Figures) -> Option<Usd> {
    let is_known = of.unknown_cost == 0 || of.cost_nusd != 0;
    is_known.then(|| Usd::from_nano(of.cost_nusd))
}

impl Number {
    fn csv(&self) -> String {
        match self {
            Self::Count(count) => count.to_string(),
            Self::Latency(0) => String::new(),
            Self::Latency(us) => format!("{}.{:03}", us / 1_000, us % 1_000),
            Self::Money(money) => money.map(|usd| usd.to_string()).unwrap_or_default(),
        }
    }
}

impl Told<'_> {
    /// A line for each group, after one of names.
    pub(super) fn csv(&self) -> String {
        let numbers = COLUMNS.map(|(name, _)| name);
        let names: Vec<&str> = self.keys().into_iter().chain(numbers).collect();
        let mut text = names.join(",") + "\n";
        for of in self.figures {
            let names = self.names(of).into_iter().map(|name| quoted(&name.unwrap_or_default()));
            let cells: Vec<String> = names.chain(COLUMNS.map(|(_, number)| number(of).csv())).collect();
            text.push_str(&(cells.join(",") + "\n"));
        }
        text
    }

    /// For people: fewer columns, and the total.
    pub(super) fn table(&self) -> String {
        let head = [
            "requests",
            "errors",
            "input",
            "cached",
            "output",
            "cost USD",
            "saved USD",
            "mean ms",
            "p95 ms",
            "first ms",
        ];
        let mut lines = vec![row(&self.keys().join(" "), head.map(str::to_owned))];
        let shown =
            |name: Option<String>| name.map_or_else(|| "-".to_owned(), |name| name.replace(is_hidden, "\u{fffd}"));
        let name = |of| self.names(of).into_iter().map(shown).collect::<Vec<_>>().join(" ");
        lines.extend(self.figures.iter().map(|of| row(&name(of), cells(of))));
        lines.push(row("total", cells(self.total)));
        let widths: [usize; CELLS] = std::array::from_fn(|at| {
            lines.iter().filter_map(|line| Some(line.get(at)?.chars().count())).max().unwrap_or(0)
        });
        let mut text = String::new();
        for [name, numbers @ ..] in &lines {
            let [first, rest @ ..] = &widths;
            text.push_str(&format!("{name:first$}"));
            for (number, width) in numbers.iter().zip(rest) {
                text.push_str(&format!("  {number:>width$}"));
            }
            text.push('\n');
        }
        let Figures { cached, inexact, .. } = self.total;
        let notes = [(cached, "were given an answer that was kept"), (inexact, "have partial or estimated tokens")];
        for (requests, note) in notes.iter().filter(|(requests, _)| **requests > 0) {
            text.push_str(&format!("{requests} requests {note}\n"));
        }
        text
    }

    /// The columns that tell groups apart.
    fn keys(&self) -> Vec<&'static str> {
        let per = self.question.per.map(|per| match per {
            Period::Hour => "hour",
            Period::Day => "day",
        });
        per.into_iter().chain(self.question.by.map(Dimension::as_str)).collect()
    }

    /// What stands in them.
    fn names(&self, of: &Figures) -> Vec<Option<String>> {
        let per = self.question.per.map(|per| match per {
            Period::Hour => of.start_s.map(|start_s| self.zone.time(start_s)),
            Period::Day => of.start_s.map(|start_s| self.zone.day(start_s)),
        });
        per.into_iter().chain(self.question.by.map(|_| of.name.clone())).collect()
    }
}

/// Columns of the table.
const CELLS: usize = 11;

fn row(name: &str, numbers: [String; CELLS - 1]) -> [String; CELLS] {
    let mut cells = [name.to_owned()].into_iter().chain(numbers);
    std::array::from_fn(|_| cells.next().unwrap_or_default())
}

fn cells(of: &Figures) -> [String; CELLS - 1] {
    let cost = match (cost(of), of.unknown_cost) {
        (None, _) => "unknown".to_owned(),
        (Some(cost), 0) => cost.to_string(),
        (Some(cost), unknown) => format!("{cost} + {unknown} unknown"),
    };
    [
        of.requests.to_string(),
        of.errors.to_string(),
        of.input_tokens.to_string(),
        of.cache_read_tokens.to_string(),
        of.output_tokens.to_string(),
        cost,
        Usd::from_nano(of.saved_nusd).to_string(),
        milliseconds(of.total.mean_us),
        milliseconds(of.total.p95_us),
        milliseconds(of.first_byte.mean_us),
    ]
}

fn milliseconds(us: u64) -> String {
    if us == 0 { "-".to_owned() } else { (us / 1_000).to_string() }
}

/// What a spreadsheet takes for the beginning of a formula: also when written wide, or behind a blank that it drops.
const FORMULA_BEGINS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// What ends a cell, wherever the spreadsheet's owner lives.
const CELL_ENDS: [char; 6] = [',', ';', '\t', '"', '\n', '\r'];

/// A text that a spreadsheet takes for one cell, and for no formula: callers choose some of them.
fn quoted(text: &str) -> String {
    let is_formula = text.trim_start().starts_with(FORMULA_BEGINS) || text.starts_with(FORMULA_BEGINS);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(CELL_ENDS) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use trunkline_store::Latency;

    use super::super::By;
    use super::*;

    fn figures(name: Option<&str>, cost_nusd: i64, unknown_cost: u64) -> Figures {
        Figures {
            name: name.map(str::to_owned),
            start_s: Some(1_790_812_800),
            requests: 12,
            errors: 1,
            cached: 3,
            inexact: 2,
            unknown_cost,
            input_tokens: 1_000,
            cache_read_tokens: 400,
            output_tokens: 50,
            cost_nusd,
            saved_nusd: 7_000,
            total: Latency { mean_us: 1_234_567, p50_us: 1_000_000, p95_us: 2_000_000, p99_us: 3_000_000 },
            ..Figures::default()
        }
    }

    fn question(by: By) -> Question {
        let (by, per) = by.told_apart();
        Question { by, per, ..Question::default() }
    }

    fn check(question: &Question, show: fn(&Told<'_>) -> String, expected: &Expect) {
        let rows = [figures(Some("turbo"), 12_300_000, 0), figures(Some("=a,\"b\""), 5, 3), figures(None, 0, 4)];
        let zone = Zone::read("+02:00").unwrap();
        expected.assert_eq(&show(&Told { question, zone, figures: &rows, total: &figures(None, 12_300_005, 7) }));
    }

    #[test]
    fn people_get_a_table() {
        check(
            &question(By::Model),
            |told| told.table(),
            &expect![[r#"
                model   requests  errors  input  cached  output                 cost USD  saved USD  mean ms  p95 ms  first ms
                turbo         12       1   1000     400      50                   0.0123   0.000007     1234    2000         -
                =a,"b"        12       1   1000     400      50  0.000000005 + 3 unknown   0.000007     1234    2000         -
                -             12       1   1000     400      50                  unknown   0.000007     1234    2000         -
                total         12       1   1000     400      50  0.012300005 + 7 unknown   0.000007     1234    2000         -
                3 requests were given an answer that was kept
                2 requests have partial or estimated tokens
            "#]],
        );
    }

    #[test]
    fn a_name_is_no_command_to_a_terminal() {
        let rows = [figures(Some("\u{1b}[2Jx\n\u{202e}y"), 1, 0)];
        let told = Told { question: &question(By::Model), zone: Zone::default(), figures: &rows, total: &rows[0] };
        assert!(told.table().contains("\n\u{fffd}[2Jx\u{fffd}\u{fffd}y  "), "{}", told.table());
    }

    #[test]
    fn spreadsheets_get_csv() {
        check(
            &question(By::Model),
            |told| told.csv(),
            &expect![[r#"
                model,requests,errors,client_left,cached,input_tokens,cache_read_tokens,cache_write_tokens,output_tokens,reasoning_tokens,audio_input_tokens,audio_output_tokens,inexact,cost_usd,unknown_cost,saved_usd,mean_ms,p50_ms,p95_ms,p99_ms,first_byte_mean_ms,first_byte_p50_ms,first_byte_p95_ms,first_byte_p99_ms
                turbo,12,1,0,3,1000,400,0,50,0,0,0,2,0.0123,0,0.000007,1234.567,1000.000,2000.000,3000.000,,,,
                "'=a,""b""",12,1,0,3,1000,400,0,50,0,0,0,2,0.000000005,3,0.000007,1234.567,1000.000,2000.000,3000.000,,,,
                ,12,1,0,3,1000,400,0,50,0,0,0,2,,4,,1234.567,1000.000,2000.000,3000.000,,,,
            "#]],
        );
    }

    #[test]
    fn times_and_names_have_a_column_each() {
        let both = Question { by: Some(Dimension::Provider), per: Some(Period::Day), ..Question::default() };
        let beginnings = |told: &Told<'_>| {
            let csv = told.csv();
            csv.lines().map(|line| line.split(',').take(3).collect::<Vec<_>>().join(",") + "\n").collect()
        };
        check(
            &both,
            beginnings,
            &expect![[r#"
                day,provider,requests
                2026-10-01,turbo,12
                2026-10-01,"'=a,""b"""
                2026-10-01,,12
            "#]],
        );
    }

    #[test]
    fn a_name_is_one_cell_and_never_a_formula() {
        let cases = [
            ("turbo", "turbo"),
            ("llama-3.3:free@x", "llama-3.3:free@x"),
            ("=1+1", "'=1+1"),
            (" +1", "' +1"),
            ("\t@x", "\"'\t@x\""),
            ("\r-1", "\"'\r-1\""),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("a;=1", "\"a;=1\""),
            ("a\"b", "\"a\"\"b\""),
            ("a\n=1", "\"a\n=1\""),
        ];
        for (name, cell) in cases {
            assert_eq!(quoted(name), cell, "{name:?}");
        }
    }
}
