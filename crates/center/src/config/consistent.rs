//! What one setting cannot tell: contradictions between settings, and what is allowed but worth a warning.

use std::time::Duration;

use super::face::{Face, Listen};
use super::oidc::is_this_machine;
use super::secret;
use super::table::settings;
use super::values::{Config, Database};
use yanmi_http::ClientAddress;
use yanmi_papers::feedback::CenterUrl;

/// Settings that contradict each other.
pub(super) struct Conflict {
    /// The keys concerned; the message names them too.
    pub(super) keys: Vec<&'static str>,
    pub(super) message: String,
}

fn conflict(keys: &[&'static str], why: &str) -> Conflict {
    Conflict { keys: keys.to_vec(), message: format!("{}：{why}", keys.join(" 与 ")) }
}

/// Every contradiction.
pub(super) fn problems(config: &Config) -> Vec<Conflict> {
    let mut found = listeners(config);
    found.extend(ordered(config));
    found.extend(public_url(config));
    found.extend(proxies(config));
    found.extend(feedback(config));
    found.extend(oidc(config));
    found.extend(replica(config));
    found
}

/// Whoever signs forms says everything that has to stand on them.
fn feedback(config: &Config) -> impl Iterator<Item = Conflict> {
    let of = &config.onboarding;
    let signs = of.signing_key.is_some();
    let is_secure = of.urls.as_ref().is_some_and(|urls| urls.0.iter().any(CenterUrl::is_secure));
    let wanted = [
        (signs && of.issuer.is_none(), "onboarding.issuer"),
        (signs && of.urls.is_none(), "onboarding.urls"),
        (signs && of.debugging_phone.is_none(), "onboarding.debugging_phone"),
        (signs && of.duty_phone.is_none(), "onboarding.duty_phone"),
        (signs && is_secure && of.tls_roots.is_none(), "onboarding.tls_roots"),
    ];
    let absent = wanted.into_iter().filter(|(is_absent, _)| *is_absent);
    absent.map(|(_, key)| conflict(&["onboarding.signing_key", key], "出具反馈表还须设置后者"))
}

/// Who has a provider says everything that is needed to ask it, and who has none nothing of it; what it sends browsers back to
/// is an address a session may be handed at.
fn oidc(config: &Config) -> Vec<Conflict> {
    const ISSUER: &str = "console.oidc.issuer";
    const PUBLIC_URL: &str = "console.oidc.public_url";
    let of = &config.oidc;
    let needed = [
        (of.client_id.is_some(), "console.oidc.client_id"),
        (of.client_secret_file.is_some(), "console.oidc.client_secret_file"),
        (of.public_url.is_some(), PUBLIC_URL),
    ];
    let has_issuer = of.issuer.is_some();
    let mut found: Vec<_> = if has_issuer {
        let absent = needed.into_iter().filter(|(is_set, _)| !is_set);
        absent.map(|(_, key)| conflict(&[ISSUER, key], "统一认证登录还须设置后者")).collect()
    } else {
        let every = needed.into_iter().chain([(of.roots.is_some(), "console.oidc.roots")]);
        let idle = every.filter(|(is_set, _)| *is_set);
        idle.map(|(_, key)| conflict(&[ISSUER, key], "没有前者，后者不起作用")).collect()
    };
    if let Some(url) = &of.public_url {
        if url.scheme_str() == Some("http") && !is_this_machine(url.host()) {
            found.push(conflict(&[PUBLIC_URL], "除本机地址外必须以 https:// 开头"));
        } else if !matches!(url.path(), "" | "/") {
            found.push(conflict(&[PUBLIC_URL], "只写到主机名（与端口）为止，不能带路径"));
        }
    }
    found
}

/// Only PostgreSQL has servers that follow another.
fn replica(config: &Config) -> Option<Conflict> {
    let idle = config.console_database.is_some() && !matches!(config.database, Database::Postgres(_));
    idle.then(|| conflict(&["database", "console.database"], "前者是 PostgreSQL 时才有可读的备库"))
}

/// Nobody is believed where nobody is named.
fn proxies(config: &Config) -> impl Iterator<Item = Conflict> {
    Face::ALL.into_iter().filter_map(|face| {
        let listen = config.listen.of(face);
        let idle = listen.client_address != ClientAddress::Untold && listen.proxies.is_empty();
        let keys = idle.then(|| Some([key_of(face, "client_address")?, key_of(face, "proxies")?]))??;
        Some(conflict(&keys, "没有写明前置代理，来源地址不会采信任何人的说法"))
    })
}

/// The address of the page is one that a password may be sent to, and nothing but an address.
fn public_url(config: &Config) -> Option<Conflict> {
    let url = config.insured.public_url.as_ref()?;
    let why = if url.scheme_str() == Some("http") && !is_this_machine(url.host()) {
        "密码只能经 TLS 发出：除本机地址外必须以 https:// 开头"
    } else if !matches!(url.path(), "" | "/") {
        "只写到主机名（与端口）为止，不能带路径"
    } else {
        return None;
    };
    Some(conflict(&["insured.public_url"], why))
}

/// A pair of which the first must not be above the second.
fn ordered(config: &Config) -> impl Iterator<Item = Conflict> {
    let Config { limits, policy, delivery, national, .. } = config;
    let rules: [(bool, [&'static str; 2], &str); 11] = [
        (
            limits.burst >= limits.requests_per_second,
            ["limits.burst", "limits.requests_per_second"],
            "前者不得小于后者，否则达不到该速率",
        ),
        (
            limits.ledger_batch <= limits.ledger_queue,
            ["limits.ledger_batch", "limits.ledger_queue"],
            "前者不得大于后者，否则凑不满一批",
        ),
        (
            limits.held_queries <= limits.connections,
            ["limits.held_queries", "limits.connections"],
            "前者不得大于后者：每个保持中的查询占用一个连接",
        ),
        (
            limits.stop >= delivery.call,
            ["limits.stop_seconds", "delivery.call_milliseconds"],
            "前者不得短于后者，否则停止进程会中断已受理的通知",
        ),
        (
            national.timeout < delivery.call,
            ["national.timeout_milliseconds", "delivery.call_milliseconds"],
            "前者须短于后者：询问国家中心只是一次调用中的一步",
        ),
        (
            delivery.attempts == 1 || delivery.first_pause < delivery.call,
            ["delivery.first_pause_milliseconds", "delivery.call_milliseconds"],
            "前者须短于后者，否则没有第二次投递",
        ),
        (
            policy.notice_life <= policy.token_life,
            ["policy.notice_seconds", "policy.token_seconds"],
            "前者不得长于后者：令牌失效后通知无从确认",
        ),
        (
            policy.confirmation_life <= policy.token_life,
            ["policy.confirmation_seconds", "policy.token_seconds"],
            "前者不得长于后者：令牌失效后确认无处可用",
        ),
        (
            policy.notice_interval < policy.notice_life,
            ["policy.notice_interval_seconds", "policy.notice_seconds"],
            "前者须短于后者，否则通知失效之前不能重发",
        ),
        (
            policy.token_life <= config.retention.state(),
            ["policy.token_seconds", "retention.state_days"],
            "前者不得长于后者，否则有效的令牌会被清理",
        ),
        (
            config.retention.state_days <= config.retention.audit_days,
            ["retention.state_days", "retention.audit_days"],
            "前者不得大于后者：没有审计的状态说不清来历",
        ),
    ];
    rules.into_iter().filter(|(holds, ..)| !holds).map(|(_, keys, why)| conflict(&keys, why))
}

/// The key of one of a face's settings; none, where this face has no such setting.
fn key_of(face: Face, member: &str) -> Option<&'static str> {
    settings().map(|setting| setting.key).find(|key| {
        let rest = key.strip_prefix("listen.").and_then(|rest| rest.strip_prefix(face.name()));
        rest.and_then(|rest| rest.strip_prefix('.')) == Some(member)
    })
}

/// A face's listener and the keys of its settings.
struct NamedListener<'a> {
    face: Face,
    listen: &'a Listen,
    address: &'static str,
    certificate: &'static str,
    key: &'static str,
    /// Nothing where there is no plain HTTP off this machine.
    plain: Option<&'static str>,
}

fn faces(config: &Config) -> [NamedListener<'_>; Face::ALL.len()] {
    Face::ALL.map(|face| {
        // Every face has these three, which a test holds it to.
        let key = |member| key_of(face, member).unwrap_or("listen");
        NamedListener {
            face,
            listen: config.listen.of(face),
            address: key("address"),
            certificate: key("tls_certificate"),
            key: key("tls_key"),
            plain: key_of(face, "plain_http"),
        }
    })
}

fn listeners(config: &Config) -> Vec<Conflict> {
    let faces = faces(config);
    let mut found = Vec::new();
    let served: Vec<_> = faces.iter().filter(|named| named.face != Face::Operations).collect();
    if served.iter().all(|named| named.listen.address.is_none()) {
        let keys: Vec<_> = served.iter().map(|named| named.address).collect();
        found.push(conflict(&keys, "至少要设置一个监听地址，否则进程无事可做"));
    }
    for NamedListener { listen, address, certificate, key, plain, .. } in &faces {
        if listen.tls_certificate.is_some() != listen.tls_key.is_some() {
            found.push(conflict(&[*certificate, *key], "证书与私钥须同时设置"));
        }
        let Some(settings) = listen.settings("") else {
            let set = [(listen.tls_certificate.is_some(), certificate), (listen.tls_key.is_some(), key)];
            let idle = set.into_iter().filter(|(is_set, _)| *is_set).map(|(_, key)| *key);
            let idle = idle.chain(plain.filter(|_| listen.plain_http));
            let keys: Vec<_> = std::iter::once(*address).chain(idle).collect();
            if keys.len() > 1 {
                found.push(conflict(&keys, "没有监听地址，其余设置不起作用"));
            }
            continue;
        };
        // Half a certificate is a problem of its own, told above.
        let plain_meant = listen.tls_key.is_none() && listen.tls_certificate.is_none();
        if settings.is_plain_outside_loopback() && !listen.plain_http && plain_meant {
            const ALONE: &str = "地址不是本机回环地址，又没有证书：明文 HTTP 会让其他机器看到报文。\
                请设置 tls_certificate 和 tls_key";
            found.push(match plain {
                Some(plain) => conflict(
                    &[*address, *plain],
                    &format!("{ALONE}；若由前置设备卸载 TLS，请设置 plain_http = true"),
                ),
                None => conflict(&[*address], ALONE),
            });
        }
    }
    for (at, NamedListener { listen, address: one, .. }) in faces.iter().enumerate() {
        let Some(address) = listen.address.filter(|address| address.port() != 0) else { continue };
        for NamedListener { listen: other, address: another, .. } in &faces[at + 1..] {
            if other.address == Some(address) {
                found.push(conflict(&[*one, *another], "两个监听口不能使用同一地址"));
            }
        }
    }
    found
}

/// Private keys that cannot be opened or that others than their owner may use.
pub(super) fn unusable_files(config: &Config) -> Vec<Conflict> {
    faces(config)
        .into_iter()
        .filter_map(|named| {
            let error = secret::open_private(named.listen.tls_key.as_ref()?).err()?;
            Some(conflict(&[named.key], &error))
        })
        .collect()
}

/// What is allowed, and worth a second look.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let mut found = Vec::new();
    for NamedListener { listen, address, .. } in faces(config) {
        if let Some(settings) = listen.settings("").filter(|s| s.is_plain_outside_loopback() && s.plain_http)
        {
            found.push(format!(
                "{address}：{} 使用明文 HTTP，报文可被同一网络中的其他机器看到；请确认前置设备已卸载 TLS",
                settings.address
            ));
        }
    }
    if config.national.url.scheme_str() == Some("http") && !is_this_machine(config.national.url.host()) {
        found.push("national.url：使用明文 HTTP 访问国家中心；请确认线路可信".to_owned());
    }
    if config.decode_enabled {
        found.push("decode.enabled：解码接口是明文接口，只应在联调环境与封闭网络中打开".to_owned());
    }
    if config.outbound.allow.iter().any(|network| network.prefix_len() == 0) {
        found.push("outbound.allow：包含整个地址空间，对渠道通知地址等于没有限制".to_owned());
    }
    // Sooner than this the specification's own sample, answered after 265 s, would be refused.
    if config.timestamp_window < Duration::from_mins(5) {
        found.push(
            "policy.timestamp_window_seconds：短于 300 秒，会拒绝接口规范自己的示例（相差 265 秒）"
                .to_owned(),
        );
    }
    found
}
