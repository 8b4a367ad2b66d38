//! Images and sounds: bare base64, of which only the first bytes say what it is.

use crate::ir::{Media, MediaKind, MediaSource};

/// What `text` of an `images` array is. A data URL, which Ollama itself refuses, is taken for what it means.
pub(super) fn read(text: String) -> Media {
    let url = text.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    let (data, said) = match url {
        Some((media_type, data)) => (data.to_owned(), Some(media_type.to_owned())),
        None => (text, None),
    };
    let media_type = said.filter(|said| !said.is_empty()).or_else(|| sniff(&data).map(str::to_owned));
    let sound = media_type.as_deref().is_some_and(|media_type| media_type.starts_with("audio/"));
    Media {
        kind: if sound { MediaKind::Audio } else { MediaKind::Image },
        source: MediaSource::Base64(data),
        media_type,
        name: None,
        detail: None,
    }
}

/// The MIME type, by how the base64 of such files begins.
fn sniff(data: &str) -> Option<&'static str> {
    const STARTS: &[(&str, &str)] = &[
        ("/9j/", "image/jpeg"),
        ("iVBORw0KGgo", "image/png"),
        ("R0lGOD", "image/gif"),
        ("Qk", "image/bmp"),
        ("SUkq", "image/tiff"),
        ("TU0AK", "image/tiff"),
        ("SUQz", "audio/mpeg"),
        ("//s", "audio/mpeg"),
        ("//u", "audio/mpeg"),
        ("ZkxhQ", "audio/flac"),
        ("T2dnUw", "audio/ogg"),
    ];
    if data.starts_with("UklGR") {
        // RIFF: its kind stands behind its length.
        return match data.get(12..16)? {
            "RUJQ" => Some("image/webp"),
            "QVZF" => Some("audio/wav"),
            _ => None,
        };
    }
    STARTS.iter().find(|(start, _)| data.starts_with(start)).map(|(_, media_type)| *media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, kind: MediaKind, media_type: Option<&str>, data: &str) {
        let expected = Media {
            kind,
            source: MediaSource::Base64(data.to_owned()),
            media_type: media_type.map(str::to_owned),
            name: None,
            detail: None,
        };
        assert_eq!(read(text.to_owned()), expected);
    }

    #[test]
    fn the_first_bytes_say_what_it_is() {
        check("iVBORw0KGgoAAAA", MediaKind::Image, Some("image/png"), "iVBORw0KGgoAAAA");
        check("UklGRiQAAABXRUJQVlA4", MediaKind::Image, Some("image/webp"), "UklGRiQAAABXRUJQVlA4");
        check("UklGRiQAAABXQVZFZm10", MediaKind::Audio, Some("audio/wav"), "UklGRiQAAABXQVZFZm10");
        check("UklGRé", MediaKind::Image, None, "UklGRé");
        check("AAAA", MediaKind::Image, None, "AAAA");
        check("data:image/jpeg;base64,AAAA", MediaKind::Image, Some("image/jpeg"), "AAAA");
        check("data:;base64,/9j/", MediaKind::Image, Some("image/jpeg"), "/9j/");
    }
}
