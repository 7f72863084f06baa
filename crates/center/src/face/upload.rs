//! A form with a file, of somebody who is logged in.

use std::fmt::Display;
use std::time::Duration;

use axum::body::Body;
use http::header;
use yanmi_http::{BodyError, read_body};
use yanmi_onboarding::application::Report;
use yanmi_sheet::{MAX_FILE, SheetError};

use super::form::{FormFields, MAX_FORM_BYTES};
use super::multipart::{self, UploadedFile};
use super::page_refusal::PageRefusal;
use super::page_request::{FaceRequest, FaceSession};
use crate::registry::{ApplicationRow, signed_run};

/// How long a file may take to arrive: 8 MiB over two megabits a second.
const FILE_WITHIN: Duration = Duration::from_secs(40);

impl<S: FaceSession> FaceRequest<'_, S> {
    /// The file of an act with one; it has to be there.
    pub(crate) async fn act_with_bytes(&mut self, body: Body) -> Result<UploadedFile, PageRefusal> {
        let (_, file) = self.act_with_file(body).await?;
        let nothing = || PageRefusal::BadFile("没有选择文件".to_owned(), false);
        file.filter(|file| !file.bytes.is_empty()).ok_or_else(nothing)
    }

    /// An acceptance report about the system of an application: one that a test center signed, or the applicant's own.
    pub(crate) async fn act_with_report(
        &mut self,
        body: Body,
        row: &ApplicationRow,
    ) -> Result<Report, PageRefusal> {
        let file = self.act_with_bytes(body).await?;
        let bad = |why: String| PageRefusal::BadFile(why, false);
        let signed = self.site.console.test_centers.read(&file.bytes).map_err(bad)?;
        let report = match &signed {
            Some(signed) => Report::of_test_center(signed_run(signed.paper()), &row.application, &row.form),
            None => Report::of_file(&file.bytes, &row.form),
        };
        report.map_err(|why| bad(why.to_string()))
    }

    /// The form of an act with a table.
    pub(crate) async fn act_with_file(
        &mut self,
        body: Body,
    ) -> Result<(FormFields, Option<UploadedFile>), PageRefusal> {
        self.act_with_file_up_to(body, MAX_FILE, &SheetError::TooLarge).await
    }

    /// The form of an act with a file of so many bytes, and what is said of a larger one. Files are large, so they have room of
    /// their own, and time.
    pub(crate) async fn act_with_file_up_to(
        &mut self,
        body: Body,
        most: usize,
        too_large: &(impl Display + Sync),
    ) -> Result<(FormFields, Option<UploadedFile>), PageRefusal> {
        if !self.is_own_form() {
            return Err(PageRefusal::ForeignForm);
        }
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.filter(|kind| multipart::boundary(kind).is_some()).ok_or(PageRefusal::BadForm)?;
        let mut room = self.site.console.files.room(self.source());
        let read = read_body(body, most + MAX_FORM_BYTES, FILE_WITHIN, &mut room).await;
        let bytes = read.map_err(|error| match error {
            BodyError::TooLarge(_) => PageRefusal::BadFile(too_large.to_string(), true),
            BodyError::NoRoom => PageRefusal::Busy,
            BodyError::TimedOut(_) | BodyError::Broken => PageRefusal::BadForm,
        })?;
        let (form, file) = multipart::read(kind, &bytes).ok_or(PageRefusal::BadForm)?;
        self.check_act(&form).await?;
        Ok((form, file))
    }
}
