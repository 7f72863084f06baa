//! Logging in by a provider in a real browser: which cookies come along from another site, and where forms may lead, only it says.

use std::time::Duration;

use yanmi_browser::Browser;
use yanmi_center::config::Listen;

use super::console::{OFFICE, leave, log_in, look};
use crate::console::administrators;
use crate::console::oidc::with_provider_at;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_of_another_site_is_bound_and_lets_in() {
    for trusts in [false, true] {
        // To a browser `localhost` is another site than 127.0.0.1.
        let (site, provider, _secret) = with_provider_at("localhost", trusts).await;
        let address = site.operator_addr();
        let base = format!("http://{address}");
        let mut stopped = site.stop().await;
        stopped.config.listen.operator = Listen::plain(address);
        stopped.config.oidc.public_url = Some(base.parse().expect("a URL"));
        let site = stopped.start().await;
        provider.script().public_url.clone_from(&base);
        provider.script().asks = true;
        provider.script().claims = serde_json::json!({ "amr": ["mfa"] });
        let [mut system, ..] = administrators(&site).await;
        let folder = tempfile::tempdir().expect("a folder");
        let browser = Browser::start(folder.path(), OFFICE.0, OFFICE.1);

        log_in(&browser, &base, "system", &mut system);
        browser.open(&format!("{base}/o/me"));
        look(&browser, "me");
        browser.click("form.box button");
        browser.until("document.title === '同意'");
        browser.click("a");
        browser.until("document.querySelector('input[value=confirm]') !== null");
        look(&browser, "oidc-confirm");
        browser.click("form.box button");
        browser.until("document.querySelector('input[value=unbind]') !== null");
        look(&browser, "oidc-bound");
        leave(&browser);

        site.hands.forward(Duration::from_secs(31));
        browser.open(&format!("{base}/o/operators"));
        browser.until("document.title.startsWith('登录')");
        look(&browser, "login-with-provider");
        browser.click("p.box a");
        browser.until("document.title === '同意'");
        browser.click("a");
        if !trusts {
            browser.until("document.querySelector('input[name=code]') !== null");
            look(&browser, "oidc-code");
            let code = system.next_code();
            browser.fill("input[name=code]", &code);
            browser.click("form.box button");
        }
        // Where he wanted to go.
        browser.until("document.title.startsWith('操作员')");
        leave(&browser);
        // An answer that is opened again is over.
        browser.open(&format!("{base}/o/oidc/return?code=x&state=y"));
        browser.until("document.querySelector('.said')?.textContent.includes('从登录页重新开始')");
        look(&browser, "oidc-stale");
    }
}
