//! The settings of applications and feedback forms.

use super::field::Field;
use super::row::{PATH, count, row, switch, text};
use super::setting::{Presence, Setting};

pub(super) static ONBOARDING: &[Setting] = &[
    row!(
        "onboarding.trial_accounts",
        onboarding.trial_accounts,
        switch(false),
        "本中心是否联调中心：登记 t- 开头的业务系统编码（联调编码）。",
        "正式的中心不登记联调编码，两边的编码就不会混用；用联调编码调用正式的中心得到 -4，被拒请求的记录里写明“该编码属于联调环境”。"
    ),
    row!(
        "onboarding.holidays",
        onboarding.holidays,
        text("8 位日期，以逗号分隔", Presence::Optional("20270101,20270102,20270103")),
        "周六、周日之外的节假日；计算申请在各级的办理期限时跳过。",
        "每年按国务院办公厅的安排填写。期限只提醒，不自动作决定，所以漏填只会使提醒早几天。"
    ),
    row!(
        "onboarding.signing_key",
        onboarding.signing_key,
        text(PATH, Presence::Optional("feedback.pem")),
        "签署反馈表与密钥文件的 SM2 私钥（PEM，PKCS#8）；不设置则不出具反馈表。",
        "用 yanmi key pair 生成；公钥在交付之外另行公布，机构据此验签。文件只能由运行中心的用户读写（chmod 600）。"
    ),
    row!(
        "onboarding.title",
        onboarding.title,
        text(
            "至多 100 个字符",
            Presence::Default("医保电子凭证线上密码核验认证服务-定点医药机构信息系统反馈表")
        ),
        "反馈表的标题。",
        "规范 1.4.2 的反馈表名称；各省可加省名。"
    ),
    row!(
        "onboarding.issuer",
        onboarding.issuer,
        text("至多 100 个字符", Presence::Optional("福建省医疗保障局")),
        "出具反馈表的单位；设置 signing_key 时必填。",
        "印在表上。"
    ),
    row!(
        "onboarding.urls",
        onboarding.urls,
        text(
            "网址，以逗号分隔，至多 16 个",
            Presence::Optional("https://10.35.0.10:8350,https://10.35.0.11:8350")
        ),
        "机构以什么网址访问中心（localUrl）；设置 signing_key 时必填。",
        "机构看到的是前置设备的地址，不是本进程的监听地址，所以单独写明。"
    ),
    row!(
        "onboarding.tls_roots",
        onboarding.tls_roots,
        text(PATH, Presence::Optional("roots.pem")),
        "机构用来验证中心证书的根证书（PEM，至多 8 个）；网址有 https:// 时必填。",
        "表上印其指纹与到期日，机构据此核对拿到的根证书。"
    ),
    row!(
        "onboarding.time_source",
        onboarding.time_source,
        text("至多 60 个字符", Presence::Optional("ntp.example.cn")),
        "机构校时所用的时钟（NTP）。",
        "报文时间与中心相差过多会被拒绝，所以印在表上。"
    ),
    row!(
        "onboarding.debugging_phone",
        onboarding.debugging_phone,
        text("至多 60 个字符", Presence::Optional("0591-87654321")),
        "联调期间的联系电话；设置 signing_key 时必填。",
        "印在表上。"
    ),
    row!(
        "onboarding.duty_phone",
        onboarding.duty_phone,
        text("至多 60 个字符", Presence::Optional("0591-87654322")),
        "值班电话；设置 signing_key 时必填。",
        "印在表上。"
    ),
    row!(
        "onboarding.portal",
        onboarding.portal,
        text("至多 60 个字符", Presence::Optional("https://10.35.0.20:8354")),
        "申请方页面（listen.applicant）对外的网址。",
        "印在表上，并在管理台与领取链接一起显示。"
    ),
    row!(
        "onboarding.test_centers",
        onboarding.test_centers,
        text(
            "文件路径，以逗号分隔，至多 8 个；相对路径以配置文件所在目录为起点",
            Presence::Optional("test-center.pem")
        ),
        "认可的联调中心的 SM2 公钥（PEM）；不设置则任何验收报告都须旁证。",
        "申请带来由其中之一签署的验收报告（report.signed.json）时，不须旁证即可作为验收依据，所以公钥要当面或电话核对公钥标识。启动时读取；去掉一个，之前已经登记的报告不受影响。"
    ),
    row!(
        "onboarding.key_days",
        onboarding.key_days,
        count("天", 365, 0, 3_650),
        "密钥用多少天之后须轮换，印在反馈表上；0 表示不限定。",
        "到期不会自动停用：停用密钥是人的决定。"
    ),
];
