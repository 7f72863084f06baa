//! What is missing until an applicant's systems can call, and who has to do it.

use maud::{Markup, html};
use yanmi_onboarding::ApplicantRole;
use yanmi_protocol::UnixMillis;

use super::account::served;
use crate::face::table::named_table;
use crate::percent::encoded;
use crate::registry::{AccountRow, ApplicantUserRow, KeyOfferRow, Void};

/// Who looks after applicants.
const CLERK: &str = "当地医保经办";
/// Who makes keys.
const KEEPER: &str = "省级密钥管理员";
/// The applicant himself.
const OWN: &str = "贵单位";

/// Something that is missing.
#[derive(Debug)]
pub(super) struct Task {
    what: String,
    who: &'static str,
    until: Option<UnixMillis>,
    /// The page where it is done.
    place: Option<String>,
}

impl Task {
    pub(super) fn new(what: impl Into<String>, who: &'static str, until: Option<UnixMillis>) -> Self {
        Self { what: what.into(), who, until, place: None }
    }

    fn at(self, place: String) -> Self {
        Self { place: Some(place), ..self }
    }
}

/// The list; nothing missing is said.
pub(super) fn list(tasks: &[Task]) -> Markup {
    let rows: Vec<Markup> = tasks
        .iter()
        .map(|task| {
            html! {
                td { @if let Some(place) = &task.place { a href=(place) { (task.what) } } @else { (task.what) } }
                td { (task.who) }
                td { @if let Some(until) = task.until { (until.shanghai_text()) } }
            }
        })
        .collect();
    html! {
        @if rows.is_empty() { p.box { "什么都不缺。" } }
        @else { (named_table("还缺什么", &["事项", "谁来办", "期限"], &rows)) }
    }
}

/// What is missing of persons: one of each role has to be there.
pub(super) fn of_persons(users: &[ApplicantUserRow], now: UnixMillis) -> Vec<Task> {
    let mut tasks = Vec::new();
    for user in users.iter().filter(|user| user.closed_at.is_none() && user.password_at.is_none()) {
        let invited = user.invited_until.filter(|until| now < *until);
        let who = if invited.is_some() { OWN } else { CLERK };
        let what = match invited {
            Some(_) => format!("{}还没有接受邀请：打开收到的地址，设置密码和验证器", user.name),
            None => format!("{}的邀请已过期：请重新邀请", user.name),
        };
        tasks.push(Task::new(what, who, invited));
    }
    for role in ApplicantRole::ALL {
        let open = |user: &&ApplicantUserRow| user.closed_at.is_none() && user.role == role;
        if users.iter().filter(open).count() == 0 {
            tasks.push(Task::new(format!("没有{}：请邀请一位", role.name()), CLERK, None));
        } else if !users.iter().filter(open).any(|user| user.is_active(now) || user.password_at.is_none()) {
            tasks.push(Task::new(
                format!("{}都超过 90 天没有登录，已停用：请重新邀请", role.name()),
                CLERK,
                None,
            ));
        }
    }
    tasks
}

/// What is missing until keys that were offered have arrived.
pub(super) fn of_offers(offers: &[KeyOfferRow], now: UnixMillis) -> Vec<Task> {
    offers.iter().map(|offer| of_offer(offer, now)).collect()
}

fn of_offer(offer: &KeyOfferRow, now: UnixMillis) -> Task {
    let id = offer.account.as_str();
    let place = format!("/a/accounts/{}/key", encoded(id));
    match (offer.void, &offer.taken) {
        (Some((_, why)), _) => {
            Task::new(format!("{id} 的密钥没有交到（{}）：请另发一次", why_words(why)), KEEPER, None)
        }
        (None, Some(_)) => Task::new(format!("{id} 的密钥已领取，还没有核对校验值"), OWN, None).at(place),
        (None, None) if offer.is_open(now) => {
            Task::new(format!("{id} 有一把密钥等您领取"), OWN, Some(offer.ends_at)).at(place)
        }
        (None, None) => Task::new(format!("{id} 的密钥过期没有领取：请另发一次"), KEEPER, None),
    }
}

const fn why_words(why: Void) -> &'static str {
    why.name()
}

/// What is missing until an account can call.
pub(super) fn of_account(row: &AccountRow, institutions: usize, now: UnixMillis) -> Vec<Task> {
    let id = row.id.as_str();
    let place = || format!("/a/accounts/{}", encoded(id));
    let mut tasks = Vec::new();
    if !served(row).is_served(now) {
        tasks.push(Task::new(format!("{id} 已停用"), CLERK, row.stopped_until).at(place()));
    }
    if row.interfaces.to_string().is_empty() {
        tasks.push(Task::new(format!("{id} 还没有开放任何接口"), CLERK, None).at(place()));
    }
    if institutions == 0 {
        tasks.push(Task::new(format!("{id} 之下还没有定点机构"), CLERK, None).at(place()));
    }
    if row.key_used_at.is_none() {
        tasks.push(Task::new(format!("{id} 的密钥还没有用过：接好系统，发一次请求"), OWN, None).at(place()));
    }
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Login;

    const NOW: UnixMillis = UnixMillis::new(1_763_869_440_000);

    fn user(login: &str, role: ApplicantRole) -> ApplicantUserRow {
        ApplicantUserRow {
            login: Login::new(login).expect("a login"),
            applicant: 1,
            name: login.to_owned(),
            phone: "059100000000".to_owned(),
            role,
            password_at: Some(NOW),
            locked_until: None,
            last_login: None,
            invited_until: None,
            closed_at: None,
        }
    }

    fn said(users: &[ApplicantUserRow], now: UnixMillis) -> Vec<(String, &'static str)> {
        of_persons(users, now).into_iter().map(|task| (task.what, task.who)).collect()
    }

    #[test]
    fn one_person_of_each_role_is_missed_until_he_can_log_in() {
        let days = |count: u64| NOW.plus(std::time::Duration::from_hours(24 * count));
        let (admin, technical) = (user("a1", ApplicantRole::Admin), user("t1", ApplicantRole::Technical));
        assert_eq!(said(&[admin.clone(), technical.clone()], NOW), []);
        assert_eq!(
            said(std::slice::from_ref(&admin), NOW),
            [("没有技术联系人：请邀请一位".to_owned(), CLERK)]
        );
        let closed = ApplicantUserRow { closed_at: Some(NOW), ..technical.clone() };
        assert_eq!(said(&[admin.clone(), closed], NOW).len(), 1);
        let invited =
            ApplicantUserRow { password_at: None, invited_until: Some(days(1)), ..technical.clone() };
        let both = [admin.clone(), invited];
        let told = said(&both, NOW);
        assert!(told.len() == 1 && told[0].0.contains("还没有接受邀请") && told[0].1 == OWN, "{told:?}");
        let told = said(&both, days(1));
        assert!(told.len() == 1 && told[0].0.contains("过期") && told[0].1 == CLERK, "{told:?}");
        let told = said(&[admin, technical], days(90));
        assert!(told.len() == 2 && told.iter().all(|(what, _)| what.contains("90 天")), "{told:?}");
    }
}
