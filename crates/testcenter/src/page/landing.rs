//! The page a vendor opens first: what this is, and how to have a space.

use maud::{Markup, html};

use super::frame::frame;
use crate::record::MAX_NAME;

/// What the page says of a form that was sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent<'a> {
    /// Why no space was made.
    pub(crate) why: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) contact: &'a str,
}

/// The page.
pub(crate) fn page(center: &str, open: bool, days: u64, sent: Sent<'_>) -> Markup {
    let body = html! {
        h1 { "联调中心" }
        section {
            h2 { "这里有什么" }
            p { "每家厂商一个" strong { "空间" } "：一个中心、几部手机、几个渠道应用，只有您自己看得见。" }
            ul {
                li { "账号（orgId）、密钥、定点医药机构、参保人都为您现做，程序从您的网络直接调用。" }
                li { "每一条报文都能打开看，打不开的说明原因；手机可以确认、输错密码、取消、说“不是我”。" }
                li { "时钟可以往前拨：三十一分钟以后、第二天，马上就能试。" }
                li { "接入验收在这里做，报告由联调中心签名，申请正式接入时可以直接提交。" }
                li { "渠道应用的厂商也一样：把您的应用登记为空间里的渠道，通知就送到您的应用。" }
            }
        }
        section {
            h2 { "新建空间" }
            @if let Some(why) = sent.why { p.said.bad role="alert" { (why) } }
            form.stack method="post" action="/spaces" {
                label { "空间名称（如 厂商与产品）"
                    input name="name" required maxlength=(MAX_NAME) value=(sent.name) autocomplete="organization"; }
                label { "联系人与电话"
                    input name="contact" required maxlength=(MAX_NAME) value=(sent.contact) autocomplete="off"; }
                @if !open {
                    label { "空间码（向联调中心的管理人员索取，一码一用）"
                        input name="code" required maxlength="40" autocomplete="off" spellcheck="false"; }
                }
                div { button { "新建" } }
            }
            p.meta { "空间保留 " (days) " 天。新建之后请收藏空间的网址：知道网址的人就能使用它，请只告诉自己人。" }
        }
        section {
            h2 { "已有空间" }
            p { "打开您收藏的空间网址即可。网址丢失时，请联系联调中心的管理人员。" }
        }
    };
    frame(center, "首页", &body)
}
