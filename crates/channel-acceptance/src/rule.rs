//! The rules a channel app is held to, each with where it is written.
//!
//! What the specification itself prints is required. The rest is the contract between center and channel
//! (`docs/guide/channel.md`; 约定一 to 约定五 are the five things it asks for, E and V are clauses of the project's reading of the
//! specification): advised, and such advice decides only in a strict run.

use serde::{Serialize, Serializer};
use yanmi_acceptance::{Kind, Rulebook};

macro_rules! rules {
    ($($name:ident $kind:ident $id:literal $section:literal $title:literal;)*) => {
        /// One rule.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Rule {
            $(#[doc = $title] $name,)*
        }

        impl Rulebook for Rule {
            const ALL: &'static [Self] = &[$(Self::$name),*];

            fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            fn section(self) -> &'static str {
                match self { $(Self::$name => $section,)* }
            }

            fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            fn kind(self) -> Kind {
                match self { $(Self::$name => Kind::$kind,)* }
            }
        }
    };
}

rules! {
    Members Required "request.members" "1.3.2.1" "报文公共参数齐全，类型与版本号正确";
    Cipher Required "request.cipher" "1.3.1.1" "encData 为 SM4-ECB、PKCS7，可用下发密钥解开，明文为 UTF-8 的 JSON";
    UpperCase Required "request.upper-case" "1.3.1.1" "encData 的十六进制为大写";
    Timestamp Required "request.timestamp" "1.3.2.1" "timestamp 为当前时间，13 位";
    FreshTimestamp Required "request.fresh" "1.3.2.1" "每次请求（包括重报）重新取时间戳、重新组包";
    ReqtType Required "request.reqt-type" "1.3.2.1" "reqtType 以 & 和 6 位省级医保区划代码结尾";
    RequestMac Advised "request.mac" "登记、E13" "上报与查询带 mac（登记为 mac 必需的渠道）";
    AnswerEnvelope Required "answer.envelope" "1.3.2.2、1.3.1.1" "对通知的应答合乎返回报文的格式，encData 可用下发密钥解开";
    AnswerTaken Advised "answer.taken" "约定一" "收下通知与撤回，答 rcvFlag \"1\"";
    AnswerMac Advised "answer.mac" "约定一、E13" "通知带 mac，应答就带 mac，拒收也带";
    AnswerInTime Advised "answer.in-time" "约定一" "在中心等候的时间（5 秒）之内应答";
    DenyMac Advised "deny.mac" "约定一、E13" "mac 不符或没有 mac 的报文答 -4，不当作通知";
    DenySealed Advised "deny.sealed" "约定一、E7" "打不开的报文答 -4";
    DenyAlike Advised "deny.alike" "约定一、E7" "-4 的应答都是同一句话，不说是哪一步不对";
    DenyStranger Advised "deny.stranger" "约定一" "本应用没有这个参保人的，拒收，不答已收";
    DenyChannel Advised "deny.channel" "约定一" "chnlId 不是自己的通知，拒收";
    DenyLarge Advised "deny.large" "约定一、E1" "超过 64 KiB 的报文不收";
    DenyWords Advised "deny.words" "约定一" "拒收有话说：不空、不超过 100 个字符、没有堆栈";
    FreeLimits Advised "free.limits" "1.4.3.2(4)A、约定一" "答 rcvFlag \"2\"（免密）只在登记的限额之内，且有金额";
    FreeSwitch Advised "free.switch" "免密、V10" "参保人在应用里开通、关闭（由中心记录的）免密，各用 pwdFree 上报";
    ShowNotice Required "show.notice" "1.4.3.2(4)B" "收下的通知在应用上发起认证：看得到，可以确认";
    ShowCenter Required "show.center" "1.4.4(5)C" "推送丢了，打开消息中心（待办通知）也能找到";
    ShowAmount Advised "show.amount" "约定三" "没有金额时说“金额未定”，不显示 0";
    ShowPlain Advised "show.plain" "约定三" "机构名称按文字完整显示，不当作 HTML，不截断";
    ShowKept Advised "show.kept" "约定一" "先存后答：重启之后通知还在";
    AlertOnce Advised "alert.once" "约定二、V3" "一条通知提醒一次；notcSeq 相同的重复不再提醒";
    AlertAnew Advised "alert.anew" "1.4.4(5)A、约定二、V3" "编号相同、notcSeq 变大：再提醒一次，仍是一条";
    OrderLate Advised "order.late" "约定二" "notcSeq 较小的是迟到的：不改变什么，不提醒";
    OrderWithdrawn Advised "order.withdrawn" "约定二、约定五" "撤回的收起来；撤回先到的，通知来了也不展示";
    OrderReplaced Advised "order.replaced" "约定二、V4" "同一令牌与机构的新通知取代旧的";
    OrderApart Advised "order.apart" "约定二" "两家机构的通知互不取代";
    OrderExpired Advised "order.expired" "约定三、V6" "到了 expTime 就不再让人确认";
    OrderExtended Advised "order.extended" "约定二、V3" "再次通知的 expTime 更晚，以更晚的为准";
    OrderFinal Advised "order.final" "约定二" "参保人已经做过的，不因后来的报文改变";
    ReportFields Advised "report.fields" "约定四" "上报与查询的成员齐全、正确";
    ReportConfirmed Required "report.confirmed" "1.4.3.2(5)" "参保人完成认证，应用就上报";
    ReportWay Required "report.way" "1.4.4(2)" "authWay 是本渠道支持的认证方式";
    ReportDigest Advised "report.digest" "1.3.1.2 示例、约定四" "userPwd 是六位密码的 SM3，不是密码本身或别的摘要";
    ReportFace Advised "report.face" "约定四、V12" "一个刷脸授权码只用于一条通知";
    ReportHonest Advised "report.honest" "约定四、V12" "渠道支付密码没有核验通过，不报 authStas \"1\"";
    ReportCancel Advised "report.cancel" "约定四" "取消报 authStas \"2\"";
    ReportNotMe Advised "report.not-me" "约定四、V13" "“不是我”与取消分开，报 authStas \"3\"";
    CenterSuccess Required "center.success" "1.4.4(6)、1.6.2(6)" "中心收下确认（acptFlag \"1\"），应用显示认证成功";
    CenterCode Required "center.code" "1.3.2.2、1.9" "code 不为 0 不是成功";
    CenterEnvelope Required "center.envelope" "1.3.1.2(6)～(8)" "解不开、不合规范的应答不可信";
    CenterMac Advised "center.mac" "约定四、E13" "没有 mac、mac 不符或重放的应答不可信";
    CenterTries Advised "center.tries" "约定四" "密码错了，告诉参保人还能试几次（leftCnt）";
    CenterLocked Advised "center.locked" "约定四、V8" "锁定（leftCnt 0、500084）之后请参保人稍后再试，不再上报密码";
    CenterClosed Advised "center.closed" "约定四、V6" "500014：这条通知不再作数，收起来";
    CenterOther Advised "center.other" "约定四" "500008、500042 之后可以重新刷脸，或换一种方式";
    RepeatAgain Advised "repeat.again" "约定四" "没有应答、-1、-3、500033：再报一次";
    RepeatSame Advised "repeat.same" "约定四、V6" "重报的内容与第一次相同，authTime 也不变";
    RepeatNoFailure Advised "repeat.no-failure" "约定四" "没有结果时不显示为认证失败";
    LinkOnce Advised "link.once" "用中心的认证页" "authUrl 原样打开一次，不预先取，不改写";
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let ids: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
    }
}
