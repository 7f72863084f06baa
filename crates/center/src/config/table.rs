//! The table of settings: every key there is, in the order of the reference page.
//!
//! Adding a setting is adding a row here and the field it names; the file, the messages, `yanmi check`, the
//! reference page and the sample follow.

use yanmi_protocol::dictionary::BusinessType;

use super::field::Field;
use super::row::{PATH, count, milliseconds, row, seconds, switch, text};
use super::setting::{Form, Presence, Setting};
use super::table_alarms::ALARMS;
use super::table_console::{CONSOLE, OIDC};
use super::table_limits::{DELIVERY, LIMITS};
use super::table_onboarding::ONBOARDING;
use super::table_policy::POLICY;
use super::table_retention::RETENTION;

/// A table of the file, and what it is about.
pub(super) struct Group {
    /// The table's name, dotted; empty at the top of the file.
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) settings: &'static [Setting],
}

/// Every setting there is.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    GROUPS.iter().flat_map(|group| group.settings)
}

/// The machine itself, in both families.
const LOOPBACK: &[&str] = &["127.0.0.0/8", "::1/128"];

/// What an address looks like.
const ADDRESS: &str = "IP 地址:端口";

/// How a proxy says who its client is.
const CLIENT_ADDRESS: &str = "none、x-forwarded-for、forwarded 或 proxy-v2";

/// Every table of the file.
pub(super) static GROUPS: &[Group] = &[
    Group { name: "", about: "中心与数据库", settings: TOP },
    Group { name: "keys", about: "密钥加密密钥", settings: KEYS },
    Group {
        name: "listen.institution",
        about: "监听口：定点医药机构（医保专网）",
        settings: LISTEN_INSTITUTION,
    },
    Group { name: "listen.channel", about: "监听口：渠道应用", settings: LISTEN_CHANNEL },
    Group {
        name: "listen.operations",
        about: "监听口：运维（/healthz、/readyz、/metrics）",
        settings: LISTEN_OPERATIONS,
    },
    Group { name: "listen.operator", about: "监听口：管理台", settings: LISTEN_OPERATOR },
    Group { name: "listen.applicant", about: "监听口：申请方", settings: LISTEN_APPLICANT },
    Group { name: "console", about: "管理台读哪个数据库", settings: CONSOLE },
    Group {
        name: "console.oidc", about: "管理台的统一认证登录（OpenID Connect）", settings: OIDC
    },
    Group { name: "limits", about: "单个进程的资源上限与期限", settings: LIMITS },
    Group { name: "policy", about: "业务策略：有效期与次数", settings: POLICY },
    Group { name: "retention", about: "数据保留", settings: RETENTION },
    Group { name: "delivery", about: "向渠道应用投递通知", settings: DELIVERY },
    Group { name: "outbound", about: "对外调用", settings: OUTBOUND },
    Group { name: "national", about: "国家电子凭证中心", settings: NATIONAL },
    Group { name: "insured", about: "参保人页面", settings: INSURED },
    Group { name: "onboarding", about: "接入申请与反馈表", settings: ONBOARDING },
    Group { name: "alarms", about: "告警告知外面的告警平台", settings: ALARMS },
    Group { name: "decode", about: "电子凭证解码", settings: DECODE },
    Group { name: "metrics", about: "监控指标", settings: METRICS },
    Group { name: "log", about: "日志", settings: LOG },
];

static TOP: &[Setting] = &[
    row!(
        "region",
        region,
        text("6 位省级医保区划代码", Presence::Required("350000")),
        "本中心服务的医保区划。请求 reqtType 中 & 之后的六位数字必须与它相同。",
        "必须填写：没有哪个区划可以作为合理的默认值。"
    ),
    row!(
        "database",
        database,
        text(
            "\"sqlite:文件路径\"，相对路径以配置文件所在目录为起点；或 \"postgres://用户@主机1:端口,主机2:端口/数据库名\"",
            Presence::Default("sqlite:yanmi.sqlite")
        ),
        "状态保存在哪里。",
        "SQLite 只能由一个进程使用，文件须在本机磁盘上，网络文件系统的锁与落盘不可靠。\
         PostgreSQL（13 及以上）可由多个中心共用；写出多个主机时连接其中可写的一个。\
         参数只能有 sslmode（disable、prefer、require、verify-ca、verify-full）与 sslrootcert。"
    ),
    row!(
        "database_password_file",
        database_password_file,
        text(PATH, Presence::Optional("database.password")),
        "PostgreSQL 口令文件（一行）；也可用环境变量 YANMI_DATABASE_PASSWORD，或写在 database 中，三者只能有其一。",
        "文件只能由运行中心的用户读写（chmod 600）；口令不会出现在日志、错误信息与 yanmi check 的输出中。"
    ),
];

static KEYS: &[Setting] = &[row!(
    "keys.encryption_key_file",
    encryption_key,
    Form::Secret { variable: "YANMI_KEY_ENCRYPTION_KEY", ascii: false, sample: "encryption.key" },
    "密钥加密密钥：数据库中的账户密钥与身份信息都在它之下加密保存。",
    "没有它进程不启动。它不在数据库中，因此单独得到数据库备份的人读不出任何密钥。"
)];

static LISTEN_INSTITUTION: &[Setting] = &[
    row!(
        "listen.institution.address",
        listen.institution.address,
        text(ADDRESS, Presence::Suggested("127.0.0.1:8350")),
        "机构侧监听地址；不设置则本进程不服务机构。",
        "机构在医保专网、渠道在互联网，两侧可由不同区域的进程分别监听；至少要有一个监听口。"
    ),
    row!(
        "listen.institution.tls_certificate",
        listen.institution.tls_certificate,
        text(PATH, Presence::Optional("institution.crt")),
        "证书链（PEM，服务器证书在前）；与 tls_key 同时设置后使用 HTTPS。",
        "接口规范规定的 SM4-ECB 只保护报文内容，不防重放与流量分析，所以应在 TLS 之内传输。"
    ),
    row!(
        "listen.institution.tls_key",
        listen.institution.tls_key,
        text(PATH, Presence::Optional("institution.key")),
        "证书的私钥（PEM）。",
        "文件只能由运行中心的用户读写（chmod 600）。"
    ),
    row!(
        "listen.institution.plain_http",
        listen.institution.plain_http,
        switch(false),
        "是否允许在非回环地址上使用明文 HTTP。",
        "默认不允许；仅当前置设备已卸载 TLS 时打开，打开后每次启动都会告警。"
    ),
    row!(
        "listen.institution.proxies",
        listen.institution.proxies,
        Form::Networks { default: &[] },
        "前置代理（负载均衡）的地址：它们不受 limits.connections_per_source 限制，并按 client_address 说明来源地址。",
        "默认没有：来源地址就是连接的对端，谁在报文头里写什么都不算数。"
    ),
    row!(
        "listen.institution.client_address",
        listen.institution.client_address,
        text(CLIENT_ADDRESS, Presence::Default("none")),
        "前置代理如何说明来源地址，只相信 proxies 中的对端。代理须自己写这一项，不能原样转交客户端写的。",
        "默认 none：代理不说明，来源地址就是代理自己。只认一种写法，因为代理不写的那一种总是客户端自己写的。"
    ),
    row!(
        "listen.institution.path_prefix",
        listen.institution.path_prefix,
        text("以 / 开头、不以 / 结尾的路径，至多 80 个字符", Presence::Optional("/pcs")),
        "机构请求的路径里，/cfc/ 或 /localcfc/ 之前可以有的一段；没有这一段的路径照常可用。",
        "默认没有。告知机构的地址带有路径，或前置代理转发时不去掉路径时才需要；其他路径一律答 -5，并写明收到的路径。"
    ),
];

static LISTEN_CHANNEL: &[Setting] = &[
    row!(
        "listen.channel.address",
        listen.channel.address,
        text(ADDRESS, Presence::Suggested("127.0.0.1:8351")),
        "渠道侧监听地址；不设置则本进程不服务渠道。",
        "须与机构侧不同，以便两侧各自处在自己的网络区域。"
    ),
    row!(
        "listen.channel.tls_certificate",
        listen.channel.tls_certificate,
        text(PATH, Presence::Optional("channel.crt")),
        "证书链（PEM，服务器证书在前）；与 tls_key 同时设置后使用 HTTPS。",
        "渠道在互联网一侧，必须在 TLS 之内传输。"
    ),
    row!(
        "listen.channel.tls_key",
        listen.channel.tls_key,
        text(PATH, Presence::Optional("channel.key")),
        "证书的私钥（PEM）。",
        "文件只能由运行中心的用户读写（chmod 600）。"
    ),
    row!(
        "listen.channel.plain_http",
        listen.channel.plain_http,
        switch(false),
        "是否允许在非回环地址上使用明文 HTTP。",
        "默认不允许；仅当前置设备已卸载 TLS 时打开，打开后每次启动都会告警。"
    ),
    row!(
        "listen.channel.proxies",
        listen.channel.proxies,
        Form::Networks { default: &[] },
        "前置代理（负载均衡）的地址：它们不受 limits.connections_per_source 限制，并按 client_address 说明来源地址。",
        "默认没有：来源地址就是连接的对端，谁在报文头里写什么都不算数。"
    ),
    row!(
        "listen.channel.client_address",
        listen.channel.client_address,
        text(CLIENT_ADDRESS, Presence::Default("none")),
        "前置代理如何说明来源地址，只相信 proxies 中的对端。代理须自己写这一项，不能原样转交客户端写的。",
        "默认 none：代理不说明，来源地址就是代理自己。只认一种写法，因为代理不写的那一种总是客户端自己写的。"
    ),
    row!(
        "listen.channel.path_prefix",
        listen.channel.path_prefix,
        text("以 / 开头、不以 / 结尾的路径，至多 80 个字符", Presence::Optional("/pcs")),
        "渠道请求的路径里，/cfc/ 或 /localcfc/ 之前可以有的一段；没有这一段的路径照常可用。",
        "默认没有。告知渠道的地址带有路径，或前置代理转发时不去掉路径时才需要；其他路径一律答 -5，并写明收到的路径。"
    ),
];

static LISTEN_OPERATIONS: &[Setting] = &[
    row!(
        "listen.operations.address",
        listen.operations.address,
        text(ADDRESS, Presence::Default("127.0.0.1:8352")),
        "运维监听地址：/healthz、/readyz、/metrics 只在这里。",
        "默认只有本机能访问；负载均衡与监控在其他机器上时，改为运维网络的地址。机构与渠道够不到它。\
         同一台机器上运行几个进程时，各用一个端口。"
    ),
    row!(
        "listen.operations.tls_certificate",
        listen.operations.tls_certificate,
        text(PATH, Presence::Optional("operations.crt")),
        "证书链（PEM，服务器证书在前）；与 tls_key 同时设置后使用 HTTPS。",
        "答复中没有个人信息，但业务量不应让旁人看到。"
    ),
    row!(
        "listen.operations.tls_key",
        listen.operations.tls_key,
        text(PATH, Presence::Optional("operations.key")),
        "证书的私钥（PEM）。",
        "文件只能由运行中心的用户读写（chmod 600）。"
    ),
    row!(
        "listen.operations.plain_http",
        listen.operations.plain_http,
        switch(false),
        "是否允许在非回环地址上使用明文 HTTP。",
        "默认不允许；运维网络可信时可以打开，打开后每次启动都会告警。"
    ),
];

static LISTEN_OPERATOR: &[Setting] = &[
    row!(
        "listen.operator.address",
        listen.operator.address,
        text(ADDRESS, Presence::Optional("127.0.0.1:8353")),
        "管理台的监听地址；不设置则本进程没有管理台。",
        "放在管理网，不要放在医保专网或互联网。第一批管理员由 yanmi operator bootstrap 产生。"
    ),
    row!(
        "listen.operator.tls_certificate",
        listen.operator.tls_certificate,
        text(PATH, Presence::Optional("operator.crt")),
        "证书链（PEM，服务器证书在前）；与 tls_key 同时设置后使用 HTTPS。",
        "不在本机回环地址上时必须有：登录的密码要经过它，这里没有 plain_http 可用。"
    ),
    row!(
        "listen.operator.tls_key",
        listen.operator.tls_key,
        text(PATH, Presence::Optional("operator.key")),
        "证书的私钥（PEM）。",
        "文件只能由运行中心的用户读写（chmod 600）。"
    ),
];

static LISTEN_APPLICANT: &[Setting] = &[
    row!(
        "listen.applicant.address",
        listen.applicant.address,
        text(ADDRESS, Presence::Optional("127.0.0.1:8354")),
        "机构与厂商（申请方）登录、领取密钥的监听地址；不设置则本进程不提供。",
        "放在医保专网，机构要打得开；人员由经办在管理台邀请，链接与提取码由密钥管理员发出。"
    ),
    row!(
        "listen.applicant.tls_certificate",
        listen.applicant.tls_certificate,
        text(PATH, Presence::Optional("applicant.crt")),
        "证书链（PEM，服务器证书在前）；与 tls_key 同时设置后使用 HTTPS。",
        "不在本机回环地址上时必须有：密钥与密码要经过它，这里没有 plain_http 可用。"
    ),
    row!(
        "listen.applicant.tls_key",
        listen.applicant.tls_key,
        text(PATH, Presence::Optional("applicant.key")),
        "证书的私钥（PEM）。",
        "文件只能由运行中心的用户读写（chmod 600）。"
    ),
];

static OUTBOUND: &[Setting] = &[
    row!(
        "outbound.allow",
        outbound.allow,
        Form::Networks { default: LOOPBACK },
        "渠道通知地址与国家中心地址允许落在哪些网段；域名在解析之后再检查一次。",
        "专网地址是常态，不能用黑名单判断，所以用白名单；默认只有本机，最多 1,024 个网段。"
    ),
    row!(
        "outbound.roots",
        outbound.roots,
        text(PATH, Presence::Optional("roots.pem")),
        "额外信任的根证书（PEM），用于自建 CA 的渠道与国家中心。",
        "不设置则只信任系统自带的根证书。"
    ),
];

static NATIONAL: &[Setting] = &[
    row!(
        "national.url",
        national.url,
        text("http:// 或 https:// 开头的网址", Presence::Required("http://127.0.0.1:8359/national")),
        "国家中心接口地址的公共前缀。",
        "必须填写：令牌、密码与刷脸结果都要向国家中心询问。"
    ),
    row!(
        "national.org_id",
        national.org_id,
        text("1 至 40 个可见 ASCII 字符", Presence::Required("testCenter")),
        "本中心在国家中心的业务系统编码（orgId）。",
        "必须填写：由国家中心分配。"
    ),
    row!(
        "national.key_file",
        national.key,
        Form::Secret { variable: "YANMI_NATIONAL_KEY", ascii: true, sample: "national.key" },
        "上述编码对应的 SM4 密钥。",
        "没有它进程不启动。"
    ),
    row!(
        "national.prefix",
        national.prefix,
        text("1 至 57 个可见 ASCII 字符，不含 &", Presence::Default("sys")),
        "发往国家中心的 reqtType 中 & 之前的部分。",
        "reqtType 至多 64 个字符，减去 & 与六位区划。"
    ),
    row!(
        "national.mac",
        national.mac,
        text("auto、always 或 never", Presence::Default("auto")),
        "发往国家中心的报文是否带 mac，应答是否必须带 mac。",
        "auto：带上；一旦对方的应答带过 mac，此后没有 mac 的应答一律不认。always：从一开始就不认没有 mac 的应答。\
         never：不带，也不要求。"
    ),
    row!(
        "national.timeout_milliseconds",
        national.timeout,
        milliseconds(2_000, 50, 30_000),
        "向国家中心询问一次的期限。",
        "须短于 delivery.call_milliseconds：询问是机构一次调用中的一步，之后还要通知渠道。"
    ),
    row!(
        "national.in_flight",
        national.in_flight,
        count("个请求", 256, 1, 65_536),
        "同时向国家中心发出的询问数。一个账户至多用到当时空余的那么多：独自时一半，与另一个同时占满时各三分之一。",
        "国家中心变慢时，等待者不应占满本进程的连接与内存，一个账户也不应占掉别人的。"
    ),
    row!(
        "national.unknown_seconds",
        national.unknown,
        seconds(5, 0, 60),
        "国家中心答复凭证不存在（500001）之后，多久之内对同一令牌直接这样答复，不再询问；0 表示每次都问。",
        "机构反复查询一个不存在的令牌时不必每次都问；令牌此后才产生的，也只晚这么几秒。解码或另一个中心得知的令牌不受影响。"
    ),
];

static INSURED: &[Setting] = &[row!(
    "insured.public_url",
    insured.public_url,
    text("https:// 开头的网址，到主机名（与端口）为止", Presence::Optional("https://yanmi.example.com")),
    "参保人的浏览器以什么网址访问渠道侧监听口；设置后，通知带有 authUrl，渠道应用可以打开中心的认证页。",
    "不设置则没有认证页。密码从浏览器发出，所以必须是 https://，只有本机地址可以是 http://；由前置设备卸载 TLS 时，\
     它必须原样转交 Host。"
)];

static DECODE: &[Setting] = &[
    row!(
        "decode.enabled",
        decode_enabled,
        switch(false),
        "是否由本中心解码二维码（/localcfc/api/hsecfc/localQrCodeQuery）。",
        "该接口是明文，只用于联调环境与封闭网络；正式环境由国家中心解码。"
    ),
    row!(
        "decode.business_types",
        business_types,
        Form::Codes { what: "用码业务类型", known: &BusinessType::ALL, page: "business-types.md" },
        "为哪些用码业务类型（businessType）解码；其余得到 500156。",
        "字典的全部。只办其中几种业务的环境，在这里写明，填错的机构当场就能看到。"
    ),
];

static METRICS: &[Setting] = &[row!(
    "metrics.from",
    metrics_from,
    Form::Networks { default: LOOPBACK },
    "哪些网段可以读取 /metrics。",
    "指标泄露业务量，默认只有本机；最多 1,024 个网段。"
)];

static LOG: &[Setting] = &[
    row!(
        "log.level",
        log.level,
        text("error、warn、info 或 debug", Presence::Default("info")),
        "记录到哪一级。",
        "没有更细的级别：任何级别都不记录明文、密钥与摘要。"
    ),
    row!(
        "log.requests",
        log.requests,
        switch(true),
        "是否为每个请求记录一行。",
        "日志须留存六个月以上；仅在压力测试时关闭。"
    ),
];
