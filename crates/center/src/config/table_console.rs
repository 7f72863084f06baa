//! The settings of the console: what it reads, and login by an `OpenID` Provider.

use super::field::Field;
use super::row::{PATH, row, switch, text};
use super::setting::{Presence, Setting};

pub(super) static CONSOLE: &[Setting] = &[row!(
    "console.database",
    console_database,
    text(
        "\"postgres://用户@主机1:端口,主机2:端口/数据库名\"，参数与 database 相同",
        Presence::Optional("postgres://yanmi@10.40.0.2/yanmi")
    ),
    "管理台的追踪、失败原因与统计从哪里读：database 的备库；不设置则读 database。",
    "追踪要逐条看审计，读备库就不占用主库。备库可能晚几秒，页面上会说。写出多个主机时连接最先应答的一个；口令不写时与 database 的相同。"
)];

pub(super) static OIDC: &[Setting] = &[
    row!(
        "console.oidc.issuer",
        oidc.issuer,
        text(
            "https:// 开头的网址，与对方元数据中的 issuer 逐字相同",
            Presence::Optional("https://sso.example.gov.cn/realms/ybj")
        ),
        "统一认证（OpenID Connect）的 issuer；设置后管理台的登录页多一个入口，密码登录照旧。",
        "必须是 https://，只有本机地址可以是 http://：它说的话只凭 TLS 相信。它的地址还须在 outbound.allow 的网段内。"
    ),
    row!(
        "console.oidc.client_id",
        oidc.client_id,
        text("至多 200 个字符", Presence::Optional("yanmi")),
        "本中心在统一认证登记的 client_id；设置 issuer 时必填。",
        "由统一认证分配，不是秘密。"
    ),
    row!(
        "console.oidc.client_secret_file",
        oidc.client_secret_file,
        text(PATH, Presence::Optional("oidc.secret")),
        "client secret 的文件（一行）；设置 issuer 时必填。",
        "文件只能由运行中心的用户读写（chmod 600）；不会出现在日志、错误信息与 yanmi check 的输出中。"
    ),
    row!(
        "console.oidc.public_url",
        oidc.public_url,
        text(
            "https:// 开头的网址，到主机名（与端口）为止",
            Presence::Optional("https://yanmi.example.gov.cn:8353")
        ),
        "操作员的浏览器以什么网址访问管理台；设置 issuer 时必填。在统一认证登记的回调地址是它加上 /o/oidc/return。",
        "不从报文头里猜：谁都能写报文头。"
    ),
    row!(
        "console.oidc.roots",
        oidc.roots,
        text(PATH, Presence::Optional("sso-roots.pem")),
        "验证统一认证的根证书（PEM），用于自建 CA。",
        "不设置则与 outbound.roots 相同。"
    ),
    row!(
        "console.oidc.trust_mfa",
        oidc.trust_mfa,
        switch(false),
        "统一认证在 amr 中说明用过第二因素（mfa、otp、hwk 或 sc）时，登录不再要本中心的验证码。",
        "默认不信：那样两个因素都在别人手里。打开后重要的操作仍要本中心的验证码。"
    ),
    row!(
        "console.oidc.title",
        oidc.title,
        text("至多 20 个字符", Presence::Default("统一认证登录")),
        "登录页上入口的文字。",
        "写操作员认得的名称。"
    ),
];
