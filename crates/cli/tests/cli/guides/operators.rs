//! What those who run a center read.

use std::path::Path;

use yanmi_center::config::Database;

use super::Walk;
use crate::server;
use crate::site::{secret, site_on};

pub(super) const PAGES: [&str; 12] = [
    "operating/console.md",
    "operating/import.md",
    "operating/install.md",
    "operating/registry.md",
    "operating/keys.md",
    "operating/backup.md",
    "operating/upgrade.md",
    "operating/move.md",
    "operating/monitoring.md",
    "operating/postgresql.md",
    "operating/sizing.md",
    "operating/testcenter.md",
];

/// A machine's folders below this one, in place of the machine's.
fn paths() -> Vec<(&'static str, String)> {
    ["/etc/yanmi", "/etc/systemd/system", "/var/lib/yanmi", "/usr/local/bin"]
        .map(|path| (path, format!("$ROOT{path}")))
        .into_iter()
        .chain([("http://127.0.0.1:8352", "http://$OPERATIONS".to_owned())])
        .collect()
}

/// Those of them that a page has.
fn on_page(page: &str, more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let text = std::fs::read_to_string(super::docs().join(page)).expect("a page");
    let all = super::blocks(&text).concat();
    let kept = paths().into_iter().filter(|(from, _)| all.contains(from));
    more.iter().map(|(from, to)| (*from, (*to).to_owned())).chain(kept).collect()
}

/// A machine on which a center is installed and its database made.
fn installed(root: &Path, database: &str) {
    for folder in ["etc/yanmi", "etc/systemd/system", "var/lib/yanmi"] {
        std::fs::create_dir_all(root.join(folder)).expect("a folder");
    }
    let config = site_on(
        database,
        &root.join("etc/yanmi"),
        "[outbound]\nallow = [\"127.0.0.0/8\", \"172.16.9.0/24\"]\n",
    );
    crate::site::ok(&["migrate", "--config", &config]);
}

fn on_sqlite(page: &'static str, change: impl FnOnce(&mut Walk)) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    installed(
        folder.path(),
        &format!("sqlite:{}", folder.path().join("var/lib/yanmi/center.sqlite").display()),
    );
    let mut walk = Walk::of(page);
    walk.edits = on_page(page, &[]);
    change(&mut walk);
    walk.run(folder.path())
}

/// The name of a new, empty database.
fn empty() -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let Database::Postgres(settings) = runtime.block_on(server::database()) else { panic!("on PostgreSQL") };
    settings.name
}

#[test]
fn a_center_is_installed() {
    let folder = tempfile::tempdir().expect("a folder");
    let etc = folder.path().join("etc/yanmi");
    std::fs::create_dir_all(&etc).expect("a folder");
    std::fs::create_dir_all(folder.path().join("etc/systemd/system")).expect("a folder");
    for face in ["institution", "channel"] {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        std::fs::write(etc.join(format!("{face}.pem")), made.cert.pem()).expect("written");
        secret(&etc, &format!("{face}.key.pem"), &made.signing_key.serialize_pem());
    }
    std::fs::copy(super::docs().join("operating/files/yanmi.service"), folder.path().join("yanmi.service"))
        .expect("copied");
    let mut walk = Walk::of("operating/install.md");
    walk.edits = on_page(walk.page, &[("curl -s http://127.0.0.1:8352", "curl -sk https://$OPERATIONS")]);
    walk.by_hand = vec![
        ("chown yanmi", "key > etc/yanmi/encryption.key; key > etc/yanmi/national.key".to_owned()),
        (" migrate ", "cp \"$EXAMPLE\" etc/yanmi/yanmi.toml".to_owned()),
    ];
    let example = crate::site::example_of_the_guide(folder.path(), &folder.path().join("var/lib/yanmi"));
    walk.before = format!("EXAMPLE={example}\n");
    let said = walk.run(folder.path());
    for word in ["校验值", "数据库已是本版本的结构", "notAfter", "ok"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn keys_are_made_given_out_and_changed() {
    let said = on_sqlite("operating/keys.md", |walk| {
        walk.edits.extend([
            ("旧库", "$ROOT/var/lib/yanmi/center.sqlite".to_owned()),
            ("查到的数", "1000001000000".to_owned()),
            ("新文件", "national.new".to_owned()),
        ]);
        walk.by_hand = vec![
            ("account add", "umask 077; for name in his his-new channel channel-new; do yanmi key new | grep -o '[0-9A-F]\\{32\\}' > $name.key; done".to_owned()),
            ("national.key", "systemctl start; yanmi key new | grep -o '[0-9A-F]\\{32\\}' > national.new".to_owned()),
        ];
    });
    for word in ["跳过", "已更改；运行中的中心一秒内生效。", "（旧）", "national.key_file = KCV"]
    {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn the_first_administrators_are_invited() {
    let said = on_sqlite("operating/console.md", |walk| {
        walk.after = "! yanmi operator bootstrap --system a1,甲 --security b1,乙 --audit c1,丙 --unit 局 \
            --config $ROOT/etc/yanmi/yanmi.toml 2>&1"
            .to_owned();
    });
    for word in
        ["系统管理员  zhang.san  /o/invite/", "审计员", "邀请操作员", "重新邀请操作员", "更换手机", "recover"]
    {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn the_registry_is_kept() {
    let said = on_sqlite("operating/registry.md", |walk| {
        walk.after = "yanmi audit verify --config $ROOT/etc/yanmi/yanmi.toml".to_owned();
    });
    for word in ["已注销", "his-fz-02", "联系电话：13900001234", "共 17 条"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn institutions_are_imported_and_that_is_undone() {
    let said = on_sqlite("operating/import.md", |walk| {
        walk.before = "for id in his-fz-01 his-fz-02; do yanmi account add --org-id $id --name 某系统 \
            --config $ROOT/etc/yanmi/yanmi.toml > /dev/null; done\n"
            .to_owned();
        walk.after = "yanmi import check 机构.csv --config $ROOT/etc/yanmi/yanmi.toml
            sed s/his-fz-01/his-fz-09/ 机构.csv > 错.csv
            ! yanmi import check 错.csv --config $ROOT/etc/yanmi/yanmi.toml 2>&1
            yanmi import apply 错.csv --again --config $ROOT/etc/yanmi/yanmi.toml
            ! yanmi import apply 错.csv --whole --config $ROOT/etc/yanmi/yanmi.toml 2>&1
            ! yanmi import apply 没有.csv --config $ROOT/etc/yanmi/yanmi.toml 2>&1
            yanmi audit verify --config $ROOT/etc/yanmi/yanmi.toml"
            .to_owned();
    });
    for word in [
        "机构表，读作 CSV（UTF-8）：福州示范医院、福州示范大药房",
        "业务系统表，读作 CSV（UTF-8）：门诊系统、药店联网",
        "将新增 1，将更改 1，与登记相同 0，有错 0",
        "每秒上限：- → 30",
        "新账号的密钥由中心生成",
        "第 2 号导入已导入 2 行，0 行没有导入",
        "his-fz-03",
        "将新增 2，将更改 0，与登记相同 0，有错 0",
        "第 1 号导入已导入 2 行，0 行没有导入",
        "第 1 号导入已撤销 2 行，0 行没有撤销",
        "状态：停用 → 启用",
        "联系电话：- → *******1234",
        "业务系统编码 his-fz-09 没有登记",
        "2 行有错，不会导入",
        "没有要导入的行",
        "没有作任何更改：表里有 2 行有错，不能整表导入",
        "未能读取 没有.csv",
        "操作记录完整",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn a_backup_is_made_and_put_back() {
    let said = on_sqlite("operating/backup.md", |walk| {
        walk.before = "systemctl start; mkdir backups\n".to_owned();
        walk.edits.extend([
            ("备份目录/", "$ROOT/backups/".to_owned()),
            ("备份文件", "$(ls $ROOT/var/lib/yanmi/backup-*.sqlite)".to_owned()),
        ]);
    });
    for word in ["ok", "下一段流水号由", "数据库已是本版本的结构"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn a_new_version_takes_over() {
    let folder = tempfile::tempdir().expect("a folder");
    installed(folder.path(), &server::address(&empty()));
    let mut walk = Walk::of("operating/upgrade.md");
    walk.edits = on_page(walk.page, &[]);
    walk.before = "systemctl start\n".to_owned();
    let said = walk.run(folder.path());
    for word in ["yanmi 0.", "已停止", "cut=0", "数据库已是本版本的结构", "ok"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn a_site_moves_to_postgresql() {
    let address = server::address(&empty());
    let said = on_sqlite("operating/move.md", |walk| {
        walk.before = format!(
            "systemctl start\nsed 's|^database = .*|database = \"{address}\"|' etc/yanmi/yanmi.toml > etc/yanmi/yanmi-postgres.toml\n"
        );
    });
    assert!(said.contains("搬迁完成") && said.ends_with("ok\n"), "{said}");
}

#[test]
fn the_log_is_read() {
    on_sqlite("operating/monitoring.md", |walk| {
        let account =
            "yanmi account add --org-id testOrgId --name 测试 --config etc/yanmi/yanmi.toml > account\n";
        walk.before = format!("systemctl start\n{account}");
    });
}

#[test]
fn a_center_on_postgresql_is_made_measured_dumped_and_restored() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = empty();
    installed(folder.path(), &server::address(&name));
    let mut walk = Walk::of("operating/postgresql.md");
    let host = server::folder().display().to_string();
    let restored = format!("restored_{name}");
    walk.edits = on_page(
        walk.page,
        &[
            ("'postgres://用户@主机/压测库'", &format!("'{}'", server::address(&empty()))),
            ("--what notify --seconds 10", "--what status --ledger 100 --seconds 1"),
            ("主机", &host),
            ("-U postgres", "-U yanmi -d postgres"),
            ("yanmi.dump yanmi", &format!("yanmi.dump {name}")),
            ("restored", &restored),
            ("指向新库的配置", "etc/yanmi/restored.toml"),
        ],
    );
    walk.by_hand = vec![(
        "pg_restore",
        format!("sed 's|/{name}?|/{restored}?|' etc/yanmi/yanmi.toml > etc/yanmi/restored.toml"),
    )];
    let said = walk.run(folder.path());
    assert!(said.contains("下一段流水号由"), "{said}");
}

#[test]
fn a_machine_is_measured() {
    let said = on_sqlite("operating/sizing.md", |walk| {
        walk.edits.extend([
            // Notices are measured on tens of thousands of tokens, which take a minute to make.
            ("--what notify --seconds 10", "--what status --ledger 100 --seconds 1".to_owned()),
            ("--seconds 10", "--seconds 1".to_owned()),
            ("1000000", "1000".to_owned()),
            ("100000 ", "1000 ".to_owned()),
            ("/tmp/measure", "$ROOT/measure".to_owned()),
            ("yanmi sandbox", "begin yanmi sandbox".to_owned()),
            ("8700", crate::yanmi::free_port().to_string()),
        ]);
    });
    assert!(said.contains("center.sqlite"), "{said}");
}

#[test]
fn a_test_center_is_up_and_its_reports_are_checked_by_anybody() {
    let said = on_sqlite("operating/testcenter.md", |walk| {
        walk.edits = on_page("operating/testcenter.md", &[("yanmi testcenter --config", "begin_testcenter")]);
        let _ = std::fmt::Write::write_fmt(
            &mut walk.before,
            format_args!(
                "FRONT={}\n{}\nyanmi account add --config $ROOT/etc/yanmi/yanmi.toml --org-id his001 --name x\n",
                crate::yanmi::free_port(),
                super::institutions::BEGIN_TESTCENTER
            ),
        );
        // A vendor had a run and brings what came of it.
        walk.by_hand = vec![(
            "yanmi report check",
            "MADE=$(curl -s -o /dev/null -w '%{redirect_url}' -d 'name=vendor&contact=x' \"$READY/spaces\")\n\
             curl -s -o /dev/null \"$MADE\"\n\
             curl -s -o /dev/null -d 'vendor=v&product=p 1' \"${MADE}runs\"\n\
             curl -s -o /dev/null -d '' \"${MADE}run-end\"\n\
             curl -s -o report.json \"${MADE}runs/1/report.json\"\n\
             curl -s -o report.signed.json \"${MADE}runs/1/report.signed.json\""
                .to_owned(),
        )];
        walk.after = "test -s production-kcv.txt; test -s testcenter/operator.key".to_owned();
    });
    assert!(said.contains("签名正确") && said.contains("spaces：5 个空间"), "{said}");
}
