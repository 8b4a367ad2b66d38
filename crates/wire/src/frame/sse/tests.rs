use proptest::prelude::*;

use super::*;

fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<(String, String)>, FrameTooLong> {
    let mut reader = SseReader::new();
    let mut events = Vec::new();
    for chunk in chunks {
        reader.push(chunk, &mut events)?;
    }
    events.extend(reader.finish());
    assert_eq!(reader.finish(), None);
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    Ok(events.iter().map(|event| (text(&event.event), text(&event.data))).collect())
}

#[track_caller]
fn check(stream: &str, expected: &[(&str, &str)]) {
    let expected: Vec<(String, String)> =
        expected.iter().map(|(event, data)| (event.to_string(), data.to_string())).collect();
    assert_eq!(read([stream.as_bytes()]), Ok(expected.clone()));
    assert_eq!(read(stream.as_bytes().chunks(1)), Ok(expected), "byte by byte");
}

#[test]
fn reads_events_whatever_ends_their_lines() {
    check("data: a\n\nevent: e\ndata:b\n\n", &[("", "a"), ("e", "b")]);
    check("data: a\r\n\r\nevent: e\r\ndata:b\r\n\r\n", &[("", "a"), ("e", "b")]);
    check("data: a\r\revent: e\rdata:b\r\r", &[("", "a"), ("e", "b")]);
    check("data: a\r\n\ndata: b\n\r\ndata: c\r\r\ndata: d\n\r\r", &[("", "a"), ("", "b"), ("", "c"), ("", "d")]);
}

#[test]
fn joins_data_lines_and_leaves_out_what_is_no_data() {
    check(": hello\n\ndata: a\ndata\ndata:  b\nid: 7\nunknown\n\n\n\nevent: only\n\n", &[("", "a\n\n b")]);
    check("\u{feff}data: a\n\n\u{feff}data: b\n\n", &[("", "a")]);
    check("database: a\n\ndata: a\u{2028}é\n\n", &[("", "a\u{2028}é")]);
}

#[test]
fn an_event_without_its_blank_line_counts_at_the_end() {
    check("data: a\n\ndata: b", &[("", "a"), ("", "b")]);
    check("", &[]);
    check(": bye", &[]);
}

#[test]
fn an_event_that_never_ends_is_refused() {
    let line = vec![b'a'; 1 << 20];
    let mut reader = SseReader::new();
    let mut events = Vec::new();
    for _ in 0..3 {
        assert_eq!(reader.push(&line, &mut events), Ok(()));
    }
    assert_eq!(reader.push(&line, &mut events), Err(TOO_LONG));
}

proptest! {
    #[test]
    fn any_cut_gives_the_same_events(
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "data: a", "data:", "data", "event: e", ": c", "\n", "\n\n", "\r\n", "\r", "\r\n\r\n", "\r\r", "é", "\u{feff}", "x",
        ]), 0..20),
        cut in any::<prop::sample::Index>(),
        step in 1..5_usize,
    ) {
        let stream = pieces.concat();
        let whole = read([stream.as_bytes()]);
        let (before, after) = stream.as_bytes().split_at(cut.index(stream.len() + 1));
        prop_assert_eq!(&read([before, after]), &whole);
        prop_assert_eq!(&read(stream.as_bytes().chunks(step)), &whole);
    }
}
