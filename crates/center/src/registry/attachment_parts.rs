//! `attachment_parts`: what is in the papers of applications, sealed.
//!
//! # Why in parts
//!
//! A paper has up to 5 MiB, and a copy of the database (`yanmi store move`) takes 2,000 rows at a time: of whole papers that
//! were 10 GiB of memory. Of parts of 16 KiB it is 32 MiB, and both databases keep such a row without a detour. Each part is sealed into a cell of its
//! own, by application, digest and place, so none can be put in another's stead; and whoever opens all of them compares the
//! digest of the whole, so none can be left out.

use sm3::{Digest, Sm3};
use yanmi_onboarding::application::MAX_ATTACHMENT_BYTES;
use yanmi_protocol::hex;

use crate::sealing::{Cell, Sealer};
use crate::store::StoreError;
use crate::store::connection::Kind::{Bytes, Number};
use crate::store::connection::{Connection, Statement, Value};
use crate::store::row::{Columns, signed};
use crate::store::table::Table;

/// Bytes of a part as it is stored.
const SEALED_PART: usize = 16 * 1024;
/// What sealing adds: format, check value, nonce and tag.
const SEAL: usize = 1 + 3 + 12 + 16;
/// Bytes of a part.
const PART: usize = SEALED_PART - SEAL;
/// Parts of the largest paper.
const MAX_PARTS: usize = MAX_ATTACHMENT_BYTES.div_ceil(PART);
/// Parts that are written by one statement: half a MiB.
const WRITTEN_AT_ONCE: usize = 32;

/// The table.
pub(crate) static TABLE: Table =
    Table::still("attachment_parts (application, digest, part, content)", &[Number, Bytes, Number, Bytes], 3);

fn row_name((application, digest): (i64, &[u8; 32]), part: usize) -> String {
    format!("{application} {} {part}", hex::encode(digest))
}

fn cell(row: &str) -> Cell<'_> {
    Cell { table: "attachment_parts", row, column: "content" }
}

/// A paper as it is stored.
#[derive(Debug)]
pub(crate) struct SealedPaper {
    application: i64,
    digest: [u8; 32],
    parts: Vec<Vec<u8>>,
}

impl SealedPaper {
    /// Seals a paper of an application; some hundredths of a second for a large one.
    pub(super) fn seal(sealer: &Sealer, (application, digest): (i64, [u8; 32]), content: &[u8]) -> Self {
        let seal = |(at, part)| sealer.seal(cell(&row_name((application, &digest), at)), part);
        Self { application, digest, parts: content.chunks(PART).enumerate().map(seal).collect() }
    }

    /// Opens it, as long as that takes.
    ///
    /// # Errors
    /// When parts are missing, moved or changed.
    pub(crate) fn open(&self, sealer: &Sealer) -> Result<Vec<u8>, StoreError> {
        let broken = StoreError::Impossible { table: TABLE.name(), what: "附件无法打开" };
        let mut content = Vec::with_capacity(self.parts.len() * PART);
        for (at, part) in self.parts.iter().enumerate() {
            match sealer.open(cell(&row_name((self.application, &self.digest), at)), part) {
                Ok(opened) => content.extend_from_slice(&opened),
                Err(_) => return Err(broken),
            }
        }
        let digest: [u8; 32] = Sm3::digest(&content).into();
        if digest == self.digest { Ok(content) } else { Err(broken) }
    }

    /// What writes it.
    pub(super) fn insert(&self) -> Vec<Statement> {
        let row = |(at, part): (usize, &Vec<u8>)| {
            vec![
                (Number, Value::Number(self.application)),
                (Bytes, Value::Bytes(self.digest.to_vec())),
                (Number, Value::Number(signed(at as u64))),
                (Bytes, Value::Bytes(part.clone())),
            ]
        };
        let rows: Vec<_> = self.parts.iter().enumerate().map(row).collect();
        let into = format!("INSERT INTO {}", TABLE.into);
        rows.chunks(WRITTEN_AT_ONCE).map(|some| Statement::of_rows(&into, some.to_vec(), "")).collect()
    }
}

/// A paper of an application; nothing where there is none.
pub(super) async fn one(
    connection: &mut Connection,
    (application, digest): (i64, [u8; 32]),
) -> Result<Option<SealedPaper>, StoreError> {
    const TEXT: &str = "SELECT content FROM attachment_parts WHERE application = $1 AND digest = $2 \
        ORDER BY part LIMIT $3";
    let statement = Statement::new(TEXT).number(application).bytes(&digest).number(signed(MAX_PARTS as u64));
    let found = connection.fetch(statement).await?;
    let read = |row| Ok::<_, StoreError>(Columns::new(row, TABLE.name()).bytes()?.to_vec());
    let parts: Vec<Vec<u8>> = found.iter().map(read).collect::<Result<_, _>>()?;
    Ok((!parts.is_empty()).then_some(SealedPaper { application, digest, parts }))
}

/// Removes the parts of one.
pub(super) fn remove(application: i64, digest: &[u8; 32]) -> Statement {
    const TEXT: &str = "DELETE FROM attachment_parts WHERE application = $1 AND digest = $2";
    Statement::new(TEXT).number(application).bytes(digest)
}

#[cfg(test)]
mod tests {
    use yanmi_protocol::Sm4Key;

    use super::*;
    use crate::ports::Entropy;

    #[test]
    fn a_paper_opens_whole_and_in_its_place_or_not_at_all() {
        let sealer = Sealer::new(&Sm4Key::from_bytes(&[7; 16]), Entropy::seeded(7));
        for size in [1, PART - 1, PART, PART + 1, 3 * PART] {
            let content: Vec<u8> = (0..=250_u8).cycle().take(size).collect();
            let digest: [u8; 32] = Sm3::digest(&content).into();
            let seal = || SealedPaper::seal(&sealer, (1, digest), &content);
            let paper = seal();
            assert!(paper.parts.iter().all(|part| part.len() <= SEALED_PART));
            assert_eq!(paper.open(&sealer).expect("opens"), content);
            assert!(SealedPaper { application: 2, ..seal() }.open(&sealer).is_err());
            assert!(SealedPaper { digest: [0; 32], ..seal() }.open(&sealer).is_err());
            let mut short = seal();
            short.parts.pop();
            assert!(short.open(&sealer).is_err(), "{size}");
            let mut turned = seal();
            turned.parts.rotate_left(1);
            assert_eq!(turned.open(&sealer).is_ok(), paper.parts.len() == 1, "{size}");
        }
        assert_eq!(MAX_PARTS, 321);
    }
}
