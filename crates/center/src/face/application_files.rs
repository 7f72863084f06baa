//! The papers of an application: as they are listed, added, taken away and downloaded, by operators and by applicants.

use axum::body::Body;
use axum::response::Response;
use http::{Method, header};
use maud::{Markup, html};
use yanmi_onboarding::application::{
    Actor, Attachment, AttachmentError, Circumstances, Command, Form, MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS,
    State,
};
use yanmi_protocol::hex;

use super::attachment::attachment;
use super::multipart;
use super::page_refusal::PageRefusal;
use super::page_request::{FaceRequest, FaceSession};
use super::table::named_table;
use crate::registry::{Act, ApplicationError, ApplicationRow};
use crate::telemetry::chain;

/// Where the papers of an application are, behind its address.
pub(crate) const FILES: &str = "/attachments";

/// Those of its form, and those of the round before that are not in it any more.
fn list(path: &str, form: &Form, before: Option<&Form>) -> Markup {
    let empty = Form::default();
    let earlier = before.unwrap_or(&empty).attachments();
    let is_in = |list: &[Attachment], file: &Attachment| list.iter().any(|one| one.digest() == file.digest());
    let gone = earlier.iter().filter(|file| !is_in(form.attachments(), file));
    let note = |file: &Attachment| before.is_some() && !is_in(earlier, file);
    let lines =
        form.attachments().iter().map(|file| line(path, file, note(file).then_some("（上一轮没有）")));
    let lines: Vec<Markup> =
        lines.chain(gone.map(|file| line(path, file, Some("（上一轮有，已移除）")))).collect();
    html! {
        h2 { "附件" }
        @if lines.is_empty() { p.soft { "没有附件。" } }
        @else { (named_table("附件", &["名称", "格式", "大小", "SM3 摘要前 16 位"], &lines)) }
    }
}

fn line(path: &str, file: &Attachment, note: Option<&str>) -> Markup {
    html! {
        td {
            a href={ (path) (FILES) "/" (hex::encode(file.digest())) } { (file.title()) }
            @if let Some(note) = note { " " span.off { (note) } }
        }
        td { (file.media().name()) }
        td { (size(file.size())) }
        td.code { (file.short_digest()) }
    }
}

fn size(bytes: usize) -> String {
    if bytes < 1024 { format!("{bytes} B") } else { format!("{} KiB", bytes.div_ceil(1024)) }
}

/// What a form of the page of papers asks for.
enum PaperChange {
    Add(Attachment, bytes::Bytes),
    Remove([u8; 32]),
}

impl<S: FaceSession> FaceRequest<'_, S> {
    /// Whether he may add papers to this application now, and take them away.
    fn may_change_files(&self, row: &ApplicationRow, who: &Actor<'_>) -> bool {
        let world = Circumstances { calendar: &self.site.console.calendar, staffed: true };
        row.application.step(&Command::Save, who, &world, self.now).is_ok()
    }

    /// The papers on the page of an application, and the way to where they are changed for who may.
    pub(crate) async fn file_list(
        &self,
        row: &ApplicationRow,
        who: &Actor<'_>,
    ) -> Result<Markup, PageRefusal> {
        let before = self.form_before(row).await?;
        Ok(html! {
            (list(&self.path, &row.form, before.as_ref()))
            @if self.may_change_files(row, who) {
                p { a href={ (self.path) (FILES) } { "添加或移除附件" } " " span.soft { "先保存填好的申请表" } }
            }
        })
    }

    /// What was submitted before the form that is looked at or mended.
    async fn form_before(&self, row: &ApplicationRow) -> Result<Option<Form>, PageRefusal> {
        let round = match row.application.state() {
            State::InReview(review) if review.round > 1 => review.round - 1,
            State::Returned { round, .. } => *round,
            _ => return Ok(None),
        };
        let number = row.number;
        Ok(self.site.console.work(async |a| a.application_form(number, round).await).await?)
    }

    /// The page of papers: forms to add and take away for who may, and what they did.
    pub(crate) async fn files(
        &mut self,
        row: &ApplicationRow,
        who: &Actor<'_>,
        body: Body,
    ) -> Result<Response, PageRefusal> {
        if self.method == Method::POST {
            let change = self.file_change(body).await?;
            self.change_files(row, who, change).await?;
            return Ok(self.done());
        }
        let application = self.path.trim_end_matches(FILES).to_owned();
        let before = self.form_before(row).await?;
        let may = self.may_change_files(row, who);
        let middle = html! {
            @if self.query.text("done") == "1" { p.said role="status" { "已办。" } }
            (list(&application, &row.form, before.as_ref()))
            @if may {
                (self.form_to_add())
                @for file in row.form.attachments() { (self.form_to_remove(file)) }
            } @else { p.soft { "提交之后附件不能更改；退回补正时可以。" } }
            p { a href=(application) { "返回申请" } }
        };
        Ok(self.page(&format!("申请 {} 的附件", row.code()), &middle))
    }

    fn form_to_add(&self) -> Markup {
        let (most, mebibytes) = (MAX_ATTACHMENTS, MAX_ATTACHMENT_BYTES >> 20);
        html! {
            h2 { "添加" }
            p { "加盖公章的扫描件、证书、许可证。PDF、PNG、JPEG 或 JSON，每个至多 " (mebibytes) " MiB，至多 " (most) " 个；名称取自文件名。" }
            form.act.box method="post" action=(self.path) enctype="multipart/form-data" {
                label { "文件" input type="file" name="file" required accept=".pdf,.png,.jpg,.jpeg,.json"; }
                (self.proof_fields())
                button { "添加" }
            }
        }
    }

    fn form_to_remove(&self, file: &Attachment) -> Markup {
        html! {
            form.act.box method="post" action=(self.path) {
                p { (file.title()) " " code { (file.short_digest()) } }
                input type="hidden" name="digest" value=(hex::encode(file.digest()));
                (self.proof_fields())
                button.danger { "移除" }
            }
        }
    }

    /// What was sent: a form with a file adds it, one without takes one away.
    async fn file_change(&mut self, body: Body) -> Result<PaperChange, PageRefusal> {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if kind.and_then(multipart::boundary).is_none() {
            let typed = self.act(body).await?;
            return Ok(PaperChange::Remove(digest(typed.text("digest")).ok_or(PageRefusal::BadForm)?));
        }
        let too_large = AttachmentError::TooLarge;
        let (_, file) = self.act_with_file_up_to(body, MAX_ATTACHMENT_BYTES, &too_large).await?;
        let nothing = || PageRefusal::BadFile("没有选择文件".to_owned(), false);
        let file = file.filter(|file| !file.name.is_empty()).ok_or_else(nothing)?;
        // Five MiB are digested, and read where they may be JSON.
        let look = move || (Attachment::of_file(&file.name, &file.bytes), file.bytes);
        let looked = tokio::task::spawn_blocking(look).await.map_err(|_| PageRefusal::Busy)?;
        match looked {
            (Ok(attachment), bytes) => Ok(PaperChange::Add(attachment, bytes)),
            (Err(why), _) => Err(PageRefusal::BadFile(why.to_string(), why == too_large)),
        }
    }

    async fn change_files(
        &self,
        row: &ApplicationRow,
        who: &Actor<'_>,
        change: PaperChange,
    ) -> Result<(), PageRefusal> {
        let (actor, number, console) = (self.actor()?, row.number, &self.site.console);
        let (act, by) = (Act::new(&actor, "", self.now), (who, &console.calendar));
        match change {
            PaperChange::Add(file, content) => {
                console.work(async |a| a.add_attachment(number, (&file, content), by, act).await).await?;
            }
            PaperChange::Remove(digest) => {
                let known = row.form.attachments().iter().find(|file| *file.digest() == digest);
                let missing = || PageRefusal::Refused(ApplicationError::NoAttachment.to_string());
                let file = known.ok_or_else(missing)?;
                console.work(async |a| a.remove_attachment((number, file), by, act).await).await?;
            }
        }
        Ok(())
    }

    /// One paper, to be kept and not to be shown.
    pub(crate) async fn file(&self, row: &ApplicationRow) -> Result<Response, PageRefusal> {
        let wanted = self.path.rsplit('/').next().and_then(digest).ok_or(PageRefusal::Nowhere)?;
        let found = self.site.console.work(async |a| a.attachment(row, wanted).await).await?;
        let (file, paper) = found.ok_or(PageRefusal::Nowhere)?;
        let sealer = self.site.sealer.clone();
        // Apart from the connection that all pages share, and from threads that requests wait for.
        let opened = tokio::task::spawn_blocking(move || paper.open(&sealer)).await;
        let content = opened.map_err(|_| PageRefusal::Busy)?.map_err(|error| {
            tracing::error!(cause = %chain(&error), application = row.number, "附件未能打开");
            PageRefusal::Busy
        })?;
        Ok(attachment(file.media().media_type(), &file.file_name(), content))
    }
}

/// A digest as addresses and forms have it.
fn digest(text: &str) -> Option<[u8; 32]> {
    hex::decode(text)?.try_into().ok()
}
