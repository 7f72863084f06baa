//! Statistics: what happened is counted once, whoever counts and however it ends, and shown to who may see it.

use std::time::Duration;

use yanmi_onboarding::Role;

use crate::console::person::Person;
use crate::console::{administrators, somebody, with_console};
use crate::site::{HOSPITAL, Site};

/// Long enough ago that nothing can be on its way, where several centers write.
const SETTLED: Duration = Duration::from_mins(3);

async fn count(site: &Site) {
    site.hands.forward(SETTLED);
    site.center.count_statistics().await;
}

/// The cells of the row that begins with this text.
async fn row(person: &mut Person, query: &str, begins: &str) -> Vec<String> {
    let page = person.get(&format!("/o/statistics?{query}")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let body = page.body.split("<tbody>").nth(1).unwrap_or_default();
    let found = body.split("<tr>").find(|row| row.contains(begins));
    let found = found.unwrap_or_else(|| panic!("no {begins} in {}", page.body));
    let text = |cell: &str| {
        let mut out = String::new();
        let mut inside = false;
        for c in cell.chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                c if !inside => out.push(c),
                _ => {}
            }
        }
        out
    };
    found.split("</td>").map(text).collect()
}

/// Asks, and has the person answer like this.
async fn visit(site: &Site, amount: &str, action: &str, after: Duration) {
    let token = site.token().await;
    assert_eq!(site.notify(token, Some(amount)).await.code(), 0);
    let notice = site.newest_notice().await;
    site.hands.forward(after);
    site.act(&notice, action, "01").await;
}

#[tokio::test]
async fn what_happened_is_counted_once_and_shown_by_day_city_channel_and_institution() {
    let site = with_console().await;
    visit(&site, "128.50", "confirm", Duration::from_secs(7)).await;
    visit(&site, "1.50", "confirm", Duration::from_secs(40)).await;
    visit(&site, "3", "cancel", Duration::from_secs(1)).await;
    count(&site).await;
    // Nothing new is nothing more.
    site.center.count_statistics().await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "35", 60)).await;
    let day = site.hands.now().shanghai_text()[..10].to_owned();
    for (query, name) in [("by=day", day.as_str()), ("by=city", "3501"), ("by=institution", HOSPITAL)] {
        let cells = row(&mut duty, query, name).await;
        // Asked, reminded, undelivered, confirmed, rate, cancelled.
        assert_eq!(cells[1..7], ["3", "0", "0", "2", "—", "1"], "{query}: {cells:?}");
        assert_eq!(cells[10], "130.00", "{query}: {cells:?}");
        assert_eq!(cells[12], "10 秒内、60 秒内", "{query}: {cells:?}");
    }
    let one = row(&mut duty, &format!("by=day&org={HOSPITAL}"), &day).await;
    assert_eq!(one[4], "2", "{one:?}");
    let name = site.channel().name.clone();
    assert_eq!(row(&mut duty, "by=channel", &name).await[4], "2");
    let hour = duty.get("/o/statistics?by=hour").await.body;
    assert!(hour.contains(" 时") && hour.contains("<svg"), "{hour}");
    // The next day is another row, also of what began before.
    site.hands.forward(Duration::from_hours(24));
    duty.move_to(60);
    assert_eq!(duty.log_in().await, 303);
    visit(&site, "2", "confirm", Duration::from_secs(1)).await;
    count(&site).await;
    let next = site.hands.now().shanghai_text()[..10].to_owned();
    assert_ne!(next, day);
    assert_eq!(row(&mut duty, "by=day", &next).await[4], "1");
    assert_eq!(row(&mut duty, "by=day", &day).await[4], "2");
}

#[tokio::test]
async fn each_sees_his_own_region_and_nonsense_is_refused() {
    let site = with_console().await;
    visit(&site, "5", "confirm", Duration::from_secs(1)).await;
    count(&site).await;
    let mut three = administrators(&site).await;
    let mut own = somebody(&site, &mut three, (Role::Duty, "3501", 61)).await;
    let mut other = somebody(&site, &mut three, (Role::Duty, "3502", 62)).await;
    assert_eq!(row(&mut own, "by=city", "3501").await[4], "1");
    for by in ["day", "hour", "city", "channel"] {
        let page = other.get(&format!("/o/statistics?by={by}")).await.body;
        assert!(page.contains("没有符合的记录"), "{by}: {page}");
    }
    assert!(!other.get("/o/statistics?by=institution").await.body.contains(HOSPITAL));
    assert_eq!(other.get(&format!("/o/statistics?org={HOSPITAL}")).await.status, 404);
    for wrong in ["org=x", "from=tomorrow", "from=2025-11-23&to=2025-11-01", "from=2024-01-01", "to=%3Cb%3E"]
    {
        assert_eq!(own.get(&format!("/o/statistics?{wrong}")).await.status, 409, "{wrong}");
    }
    assert_eq!(own.get("/o/statistics?by=%3Cscript%3E").await.status, 200, "as if nothing was said");
}

#[tokio::test]
async fn all_rows_are_taken_away_for_a_reason_and_nothing_in_them_is_run() {
    let site = with_console().await;
    visit(&site, "128.50", "confirm", Duration::from_secs(7)).await;
    count(&site).await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "3501", 64)).await;
    let mut clerk = somebody(&site, &mut three, (Role::Clerk, "3501", 65)).await;
    let fields = |by: &'static str, file: &'static str, reason: &'static str| {
        [("by", by), ("file", file), ("reason", reason)]
    };
    for (by, shown) in [("day", "\"1\""), ("city", "\"3501\""), ("institution", HOSPITAL)] {
        let file = duty.act("/o/statistics", &fields(by, "csv", "月报")).await;
        assert_eq!(file.status, 200, "{by}: {}", file.body);
        assert!(file.header("content-type").is_some_and(|kind| kind.starts_with("text/csv")));
        assert!(file.header("content-disposition").is_some_and(|kept| kept.contains("attachment")));
        assert!(file.body.contains(shown) && file.body.contains("128.50"), "{by}: {}", file.body);
        let runs = |start: &char| file.body.contains(&format!("\"{start}"));
        assert!(!['=', '+', '-', '@'].iter().any(runs), "{by}: {}", file.body);
    }
    let workbook = duty.act_for_file("/o/statistics", &fields("institution", "xlsx", "月报")).await;
    assert!(workbook.starts_with(b"PK") && workbook.len() > 1_000, "{}", workbook.len());
    for (fields, status) in [(fields("day", "exe", "月报"), 400), (fields("day", "csv", ""), 409)] {
        assert_eq!(duty.act("/o/statistics", &fields).await.status, status);
    }
    assert_eq!(clerk.act("/o/statistics", &fields("day", "csv", "看看")).await.status, 404);
    let events = three[2].get("/o/events?find=duty").await.body;
    assert!(events.contains("导出统计") && events.contains("按机构") && events.contains("月报"), "{events}");
}

#[tokio::test]
async fn a_restart_counts_on_where_it_was_and_knows_what_was_asked_before() {
    let site = with_console().await;
    visit(&site, "5", "confirm", Duration::from_secs(1)).await;
    let token = site.token().await;
    assert_eq!(site.notify(token, Some("6")).await.code(), 0);
    let notice = site.newest_notice().await;
    site.center.count_statistics().await;
    site.hands.forward(Duration::from_secs(20));
    site.act(&notice, "confirm", "02").await;
    let site = site.restart().await;
    count(&site).await;
    site.center.count_statistics().await;
    let mut three = administrators(&site).await;
    let mut duty = somebody(&site, &mut three, (Role::Duty, "35", 63)).await;
    let cells = row(&mut duty, "by=city", "3501").await;
    assert_eq!((cells[1].as_str(), cells[4].as_str()), ("2", "2"), "{cells:?}");
    assert_eq!(cells[12], "5 秒内、20 秒内", "{cells:?}");
}
