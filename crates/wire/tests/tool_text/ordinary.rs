//! Ordinary answers with tools offered: they pass to the byte, no call is found in them, and they leave as they come.

use trunkline_wire::ir::{Delta, Event, StopReason};

use crate::run::{Answer, answer, characters, events};

/// How many answers are composed.
const ANSWERS: usize = 2000;

/// Steps that a byte of any text may cost.
const STEPS_MAX: u64 = 12;

/// Pieces of answers that speak of calls, markup and data without making a call.
const PARTS: &[&str] = &[
    "The capital of France is Paris. It has about 2.1 million inhabitants, and the weather is mild.\n\n",
    "# Overview\n\n- **First**: read the docs\n- *Second*: run `cargo test`\n- [Third](https://example.org/a_(b))\n\n",
    "| name | type |\n|------|------|\n| get_weather | tool |\n| search | tool |\n\n",
    "```rust\nfn main() {\n    let v: Vec<Option<u8>> = vec![Some(1)];\n    println!(\"{v:?} {}\", v.len() < 3);\n}\n```\n\n",
    "```python\nfrom weather import get_weather\nprint(get_weather(city=\"Paris\", days=2))\n```\n\n",
    "```json\n{\"name\": \"Alice\", \"arguments\": [1, 2, 3], \"nested\": {\"a\": null}}\n```\n\n",
    "```json\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n```\n\nThat is what such a call looks like.\n\n",
    "```xml\n<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>\n```\n\n",
    "```\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n</tool_call>\n```\n\n",
    "Hermes models write `<tool_call>{\"name\": \"get_weather\", \"arguments\": {}}</tool_call>` into their text.\n\n",
    "The tag `<tool_call>` opens a call, `</tool_call>` closes it, and `[TOOL_CALLS]` is Mistral's.\n\n",
    "A call of <tool_call> has a name, and <function=NAME> names it; <invoke name=\"x\"> does so for others.\n\n",
    "<details>\n<summary>More</summary>\n<p>HTML with <b>tags</b> &amp; entities, 1 < 2 and 3 > 2.</p>\n</details>\n\n",
    "{\"id\": 17, \"items\": [{\"sku\": \"a-1\", \"price\": 9.99}], \"ok\": true}\n\n",
    "[{\"name\": \"Bob\", \"age\": 41}, {\"name\": \"Eve\", \"age\": 29}]\n\n",
    "{\"name\": \"Rust\", \"parameters\": {\"edition\": 2024}}\n\n",
    "[1, 2, 3] and [a, b](c) and f(x) = {y | y < x}\n\n",
    "```bash\n$ ls -la /tmp | grep '<x>' && echo \"{done}\"\n$ cat <<EOF > a.txt\n[TOOL_CALLS] is text here\nEOF\n```\n\n",
    "Action: think about it first.\nAction Input: your own words.\nObservation: it helps.\n\n",
    "Action: look outside\n\nThen decide. The search tool (`search`) takes a `query`.\n\n",
    "Use `get_weather(city=\"Paris\")`, or `search({\"query\": \"x\"})`; run_code runs code.\n\n",
    "To call get_weather, pass {\"city\": \"Paris\"} as its arguments. The name is \"get_weather\".\n\n",
    "He said \"<tool_call>\" and then '[TOOL_CALLS]get_weather{}' in quotes; nothing was called.\n\n",
    "let generic: HashMap<String, Vec<&'static str>> = HashMap::new(); // <- a < b, c >> d, >>> prompt\n\n",
    ">>> import this\n>>> print('hi')\nhi\n\n",
    "> quoted text\n>> more deeply\n>>> and deeper still\n\n",
    "functools.partial(f, 1) is Python; functools[0] is nothing.\n\n",
    "function calls are fun; commentary to=nobody, and analysis of <|channel|> tokens too.\n\n",
    "The token <|python_tag|> starts code in Llama 3, <|tool_call|> is Granite's, and <|im_end|> ends a turn.\n\n",
    "<root xmlns:invoke=\"urn:x\"><invoke>1</invoke><parameter name=\"k\">v</parameter></root>\n\n",
    "<tool>hammer</tool>, <function>sin(x)</function>, <tool_use>rarely</tool_use>\n\n",
    "<function name=\"area\"><param name=\"r\">2</param></function>\n\n",
    "\u{6771}\u{4eac}\u{306e}\u{5929}\u{6c17}\u{306f}\u{6674}\u{308c}\u{3002} \u{201c}quoted\u{201d} \u{2013} caf\u{e9} \u{1f327}\u{fe0f} <\u{ff5c}\u{4e2d}\u{ff5c}>\n\n",
    "1. Open the file\n2. Add `[tool]` to it:\n\n[tool]\nname = \"x\"\n[tool.poetry]\nversion = \"1\"\n\n",
    "[searching for the answer] is what old bots wrote. [Tool call: none] [Calling tool: nothing]\n\n",
    "diff --git a/x b/x\n@@ -1,2 +1,2 @@\n-<tool_call>old\n+<tool_calls>new\n\n",
    "SELECT * FROM t WHERE a < 3 AND name = 'get_weather' AND args = '{\"city\": \"Paris\"}';\n\n",
    "~~~\ntext {in} tildes\n~~~\n\n    indented <code>\n\n",
    "```tool\nnot a call at all\n```\n\n",
    "```tool_code\nprint(undeclared(1))\n```\n\n",
];

/// Ends that are no calls either: an answer may not end with what looks like one.
const LAST: &str = "I hope that helps.";

/// Answers of a few parts each, in every order that a fixed walk comes by.
fn answers() -> impl Iterator<Item = String> {
    let mut state = 17_usize;
    let mut next = move || {
        state = (state.wrapping_mul(1_103_515_245).wrapping_add(12_345)) & 0x7fff_ffff;
        *PARTS.get((state >> 8) % PARTS.len()).expect("there is one")
    };
    (0..ANSWERS).map(move |number| {
        let parts: String = (0..1 + number % 5).map(|_| next()).collect();
        parts + LAST
    })
}

/// `text` in pieces of so many characters.
fn pieces(text: &str, size: usize) -> Vec<&str> {
    let mut ends: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(size).collect();
    ends.push(text.len());
    ends.iter().zip(ends.iter().skip(1)).map(|(from, to)| &text[*from..*to]).collect()
}

#[test]
fn no_call_is_found_in_ordinary_answers() {
    let mut wrong = Vec::new();
    for (text, number) in answers().zip(0..) {
        let expected = Answer { text: text.clone(), calls: Vec::new(), stop: StopReason::End };
        for pieces in [vec![text.as_str()], pieces(&text, 1 + number % 9)] {
            let answer = answer(&pieces);
            if answer != expected {
                wrong.push(format!("{text}\n  {answer:?}"));
            }
        }
    }
    println!("{ANSWERS} ordinary answers, {} false", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The text that each piece lets go.
fn told(pieces: &[&str]) -> Vec<String> {
    let (steps, _) = events(pieces, StopReason::End);
    let said = |event: &Event| {
        if let Event::Delta { delta: Delta::Text(text), .. } = event { text.clone() } else { String::new() }
    };
    let text = |events: &Vec<Event>| events.iter().map(said).collect();
    steps.iter().skip(2).take(pieces.len()).map(text).collect()
}

#[test]
fn ordinary_text_leaves_in_the_call_that_brings_it() {
    for text in
        [PARTS[0], PARTS[3], "$ ls -la /tmp | grep x && echo \"done\"\n", "if a > b: return c\n\n* one\n* two\n", LAST]
    {
        for size in 1..12 {
            let pieces = pieces(text, size);
            for ((out, piece), number) in told(&pieces).iter().zip(&pieces).zip(0..) {
                let before: usize = pieces[..number].iter().map(|piece| piece.len()).sum();
                let gone: usize = told(&pieces)[..=number].iter().map(String::len).sum();
                let held = &text[gone..before + piece.len()];
                // Only what begins as a marker does may wait.
                let may_wait = held.is_empty() || held.starts_with(['<', '`', '>', '[', ']', '{', 'f', 'A', 'a', 'c']);
                assert!(may_wait && held.len() <= 4, "{held:?} waits behind {out:?} of {piece:?}");
            }
        }
    }
    assert_eq!(told(&["Hello", ", wor", "ld <", "b>"]), ["Hello", ", wor", "ld ", "<b>"]);
    assert_eq!(told(&["a <tool_", "call", "s> b"]), ["a ", "", "<tool_calls> b"]);
}

#[test]
fn the_first_token_is_not_delayed() {
    let (steps, _) = events(&["Well", ", yes"], StopReason::End);
    let told: Vec<usize> = steps.iter().map(Vec::len).collect();
    // Start; nothing for a block that may stay empty; its opening with the first word; a word; nothing; close and stop.
    assert_eq!(told, [1, 0, 2, 1, 0, 2], "{steps:?}");
}

#[test]
fn the_worst_texts_take_linear_time() {
    let texts = [
        "<",
        "{",
        "`",
        "[",
        "```\n",
        "```json\n{",
        "<tool_call>",
        "<tool_call>\n",
        "<tool_call>{\"name\": \"",
        "{\"a\":",
        "\n",
        "Action: ",
        "Action: search\nAction Input: ",
        "<|channel|>",
        "<function=",
        "<function=search>\n",
        "[TOOL_CALLS]",
        "[TOOL_CALLS]search{",
        "<tool_call>{\"arguments\": ",
        "\"",
        "\\",
        "<invoke name=\"search\">",
        "<tool_call>search<arg_key>",
        "<｜tool▁call▁begin｜>",
        "}",
        ">>>",
        "{\"name\":",
    ];
    for text in texts {
        let whole = text.repeat((1 << 20) / text.len());
        let (_, work) = events(&[&whole], StopReason::End);
        assert!(work <= STEPS_MAX * whole.len() as u64, "{text:?} at once: {} steps a byte", work / whole.len() as u64);
        let few = text.repeat((16 << 10) / text.len());
        let (_, work) = events(&characters(&few), StopReason::End);
        let most = STEPS_MAX + 256;
        assert!(work <= most * few.len() as u64, "{text:?} by characters: {} steps a byte", work / few.len() as u64);
    }
}
