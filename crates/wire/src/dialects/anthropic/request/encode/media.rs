//! Images and documents.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Writer;
use crate::ir::{Block, Media, MediaKind, MediaSource, Member};
use crate::write::Object;

impl Writer<'_> {
    /// Whether Messages has a word for it and the model takes it.
    pub(super) fn admits_media(&self, media: &Media) -> bool {
        let taken = match media.kind {
            MediaKind::Image => self.to.images,
            MediaKind::Document => self.to.documents,
            MediaKind::Audio | MediaKind::Video => false,
        };
        let sayable = match &media.source {
            // Another provider's file is nobody's here.
            MediaSource::File(_) => self.own,
            MediaSource::Text(_) => media.kind == MediaKind::Document,
            MediaSource::Base64(_) | MediaSource::Url(_) => true,
        };
        taken && sayable
    }

    /// Writes what was admitted.
    pub(super) fn put_media(&mut self, media: &Media, block: &Block, to: &mut Object<'_>) {
        let document = media.kind == MediaKind::Document;
        to.put("type", if document { "document" } else { "image" });
        let nested = self.nested(&block.extras, "source");
        to.object("source", |source| {
            if !nested.iter().any(|(name, _)| *name == "type") {
                put_source(media, source);
            }
            nested.iter().for_each(|(name, raw)| source.raw(name, raw));
        });
        if document {
            to.put_some("title", media.name.as_deref());
        } else if media.name.is_some() {
            self.lost.of_block(block, Member::MediaName);
        }
        if media.detail.as_deref().is_some_and(|detail| detail != "auto") {
            self.lost.of_block(block, Member::MediaDetail);
        }
    }
}

fn put_source(media: &Media, source: &mut Object<'_>) {
    let media_type = media.media_type.as_deref();
    match &media.source {
        MediaSource::Base64(data) => {
            if let Some(text) = media_type.filter(|kind| is_text(media.kind, kind)).and_then(|_| text_of(data)) {
                put_text(&text, source);
                return;
            }
            source.put("type", "base64");
            source.put("media_type", media_type.unwrap_or_else(|| guessed(media.kind, data)));
            source.put("data", data);
        }
        MediaSource::Text(text) => put_text(text, source),
        MediaSource::Url(url) => {
            source.put("type", "url");
            source.put("url", url);
        }
        MediaSource::File(id) => {
            source.put("type", "file");
            source.put("file_id", id);
        }
    }
}

fn put_text(text: &str, source: &mut Object<'_>) {
    source.put("type", "text");
    source.put("media_type", "text/plain");
    source.put("data", text);
}

/// Documents in base64 must be PDF; those of plain text have a form of their own.
fn is_text(kind: MediaKind, media_type: &str) -> bool {
    kind == MediaKind::Document && media_type.starts_with("text/")
}

/// The type of data that came without one, by how its kind begins.
fn guessed(kind: MediaKind, data: &str) -> &'static str {
    const BEGINNINGS: [(&str, &str); 3] = [("/9j/", "image/jpeg"), ("R0lGOD", "image/gif"), ("UklGR", "image/webp")];
    match kind {
        MediaKind::Document => "application/pdf",
        MediaKind::Image | MediaKind::Audio | MediaKind::Video => {
            let found = BEGINNINGS.iter().find(|(beginning, _)| data.starts_with(beginning));
            found.map_or("image/png", |(_, media_type)| media_type)
        }
    }
}

/// The text that `data` is in base64; `None` when it is none.
fn text_of(data: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(data).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_text_out_of_base64() {
        for (data, text) in
            [("", Some("")), ("YQ==", Some("a")), ("YWLDqQ==", Some("abé")), ("Y!", None), ("/w==", None)]
        {
            assert_eq!(text_of(data).as_deref(), text, "{data}");
        }
    }
}
