//! What a form with a file holds (RFC 7578). The whole of it is in memory, within a bound, so it is cut and not streamed.

use bytes::Bytes;

use crate::face::form::FormFields;

/// Characters of a boundary (RFC 2046).
const MAX_BOUNDARY: usize = 70;
/// Bytes of the headers of a part.
const MAX_HEAD: usize = 2 * 1024;

/// A file that was sent with a form.
pub(crate) struct UploadedFile {
    /// What it is called on the machine it comes from.
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

/// The fields of a form and its file, which is the field `file`; nothing for what no browser sends.
pub(crate) fn read(content_type: &str, body: &Bytes) -> Option<(FormFields, Option<UploadedFile>)> {
    let separator = format!("\r\n--{}", boundary(content_type)?);
    let separator = separator.as_bytes();
    let (mut form, mut file) = (FormFields::default(), None);
    // The first one has no line before it.
    let mut at = body.starts_with(separator.get(2..)?).then_some(separator.len() - 2)?;
    loop {
        let rest = body.get(at..)?;
        if rest.starts_with(b"--") {
            return Some((form, file));
        }
        let start = at + rest.starts_with(b"\r\n").then_some(2)?;
        let rest = body.get(start..)?;
        let head = find(rest.get(..rest.len().min(MAX_HEAD))?, b"\r\n\r\n")?;
        let content = start + head + 4;
        let end = content + find(body.get(content..)?, separator)?;
        let (name, file_name) = disposition(std::str::from_utf8(rest.get(..head)?).ok()?)?;
        match file_name {
            Some(called) if name == "file" && file.is_none() => {
                file = Some(UploadedFile { name: called, bytes: body.slice(content..end) });
            }
            Some(_) => return None,
            None => form.add(&name, std::str::from_utf8(body.get(content..end)?).ok()?)?,
        }
        at = end + separator.len();
    }
}

/// Whether it says that it is one.
pub(crate) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, rest) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let pair = rest.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pair.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?;
    let value = value.trim_matches('"');
    (!value.is_empty() && value.len() <= MAX_BOUNDARY && value.bytes().all(|b| b.is_ascii_graphic()))
        .then_some(value)
}

/// A field's name, and the name of its file.
fn disposition(head: &str) -> Option<(String, Option<String>)> {
    let line = head.split("\r\n").find(|line| {
        line.get(..20).is_some_and(|start| start.eq_ignore_ascii_case("content-disposition:"))
    })?;
    // Browsers write quotes and line ends of a name as %22, %0D, %0A, so a quote ends it.
    let value = |name: &str| {
        let (_, rest) = line.split_once(&format!("; {name}=\""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    Some((value("name")?, value("filename")))
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    let first = *what.first()?;
    let mut from = 0;
    loop {
        let at = from + bytes.get(from..)?.iter().position(|byte| *byte == first)?;
        if bytes.get(at..)?.starts_with(what) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=----x1";

    fn sent(text: &str) -> Option<(FormFields, Option<UploadedFile>)> {
        read(TYPE, &Bytes::copy_from_slice(text.replace('\n', "\r\n").as_bytes()))
    }

    #[test]
    fn what_browsers_send_is_read() {
        let text = "------x1\nContent-Disposition: form-data; name=\"t\"\n\nabc\n------x1\n\
            content-disposition: form-data; name=\"file\"; filename=\"机构.csv\"\nContent-Type: text/csv\n\na,b\n--x\n\n------x1--\n";
        let (form, file) = sent(text).expect("a form");
        let file = file.expect("a file");
        assert_eq!((form.text("t"), file.name.as_str()), ("abc", "机构.csv"));
        assert_eq!(&file.bytes[..], b"a,b\r\n--x\r\n");
        assert!(sent("------x1--\n").expect("an empty form").1.is_none());
    }

    #[test]
    fn what_no_browser_sends_is_not() {
        for text in [
            "",
            "------x1",
            "------x1\n",
            "x\n------x1--",
            "------x1\nContent-Disposition: form-data; name=\"t\"\n\nabc",
            "------x1\nContent-Disposition: form-data\n\nabc\n------x1--",
            "------x1\nContent-Disposition: form-data; name=\"other\"; filename=\"x\"\n\nabc\n------x1--",
            "------x1\nX: y\n\nabc\n------x1--",
        ] {
            assert!(sent(text).is_none(), "{text}");
        }
        for kind in [
            "",
            "text/plain; boundary=x",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=a b",
        ] {
            assert!(boundary(kind).is_none(), "{kind}");
        }
        assert_eq!(boundary("Multipart/Form-Data; charset=utf-8; boundary=\"a\""), Some("a"));
        // Every beginning of a good one, and every byte of it another.
        let good = "------x1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc\r\n------x1--".as_bytes();
        for end in 0..good.len() {
            let _ = read(TYPE, &Bytes::copy_from_slice(&good[..end]));
            let mut other = good.to_vec();
            other[end] ^= 0x15;
            let _ = read(TYPE, &Bytes::from(other));
        }
    }
}
