//! What an event's action and fields are called by operators. A word that a newer version has written is shown as it is.

use yanmi_onboarding::application::command_name;

/// What was done.
const ACTIONS: [(&str, &str); 64] = [
    ("application.begin", "新建申请"),
    ("feedback.issue", "出具反馈表"),
    ("import.upload", "上传导入表"),
    ("import.apply", "确认导入"),
    ("import.confirm", "复核导入"),
    ("import.drop", "放弃导入"),
    ("import.undo", "撤销导入"),
    ("import.end", "导入完成"),
    ("operator.invite", "邀请操作员"),
    ("operator.edit", "重新邀请操作员"),
    ("operator.recover", "在主机上重新邀请操作员"),
    ("console.out_of_reach", "越出辖区的访问"),
    ("alarm.take", "接手告警"),
    ("alarm.close", "关闭告警"),
    ("operator.enrol", "接受邀请"),
    ("operator.login", "登录"),
    ("operator.login_oidc", "统一认证登录"),
    ("operator.bind_oidc", "绑定统一认证账号"),
    ("operator.unbind_oidc", "解除绑定统一认证账号"),
    ("operator.grant", "授权"),
    ("operator.revoke", "撤销授权"),
    ("operator.unlock", "解除锁定"),
    ("operator.close", "注销操作员"),
    ("applicant.add", "新增申请方"),
    ("applicant.close", "注销申请方"),
    ("applicant_user.invite", "邀请申请方人员"),
    ("applicant_user.edit", "更改或重新邀请申请方人员"),
    ("applicant_user.enrol", "申请方人员接受邀请"),
    ("applicant_user.login", "申请方人员登录"),
    ("applicant_user.close", "注销申请方人员"),
    ("trace.read", "追踪"),
    ("statistics.export", "导出统计"),
    ("trace.unmask", "查看完整的姓名与证件"),
    ("notice.redeliver", "再次投递通知"),
    ("pending.propose", "提出更改，待复核"),
    ("pending.refuse", "复核不同意"),
    ("pending.withdraw", "撤回提出的更改"),
    ("account.add", "新增账号"),
    ("account.edit", "更改账号"),
    ("account.enable", "启用账号"),
    ("account.disable", "停用账号"),
    ("account.close", "注销账号"),
    ("account.rotate_key", "轮换账号密钥"),
    ("account.retire_key", "停用账号旧密钥"),
    ("account.offer_key", "交付密钥：发出"),
    ("account.take_key", "交付密钥：已领取"),
    ("account.check_key", "交付密钥：校验值已核对"),
    ("account.void_key", "交付密钥：作废"),
    ("institution.add", "新增机构"),
    ("institution.edit", "更改机构"),
    ("institution.attach", "增加机构的业务系统"),
    ("institution.detach", "解除机构的业务系统"),
    ("institution.enable", "启用机构"),
    ("institution.disable", "停用机构"),
    ("institution.close", "注销机构"),
    ("institution.unmask", "查看完整的联系人"),
    ("channel.add", "新增渠道"),
    ("channel.test_delivery", "向渠道试投"),
    ("channel.edit", "更改渠道"),
    ("channel.enable", "启用渠道"),
    ("channel.disable", "停用渠道"),
    ("channel.close", "注销渠道"),
    ("channel.rotate_key", "轮换渠道密钥"),
    ("channel.retire_key", "停用渠道旧密钥"),
];

/// What was changed.
const FIELDS: [(&str, &str); 42] = [
    ("file", "文件"),
    ("digest", "文件摘要"),
    ("added", "新增"),
    ("changed", "更改"),
    ("faulty", "有错"),
    ("done", "已办"),
    ("skipped", "未办"),
    ("state", "状态"),
    ("whole", "整表"),
    ("region", "区划"),
    ("applicant", "申请方编号"),
    ("kind", "类型"),
    ("phone", "电话"),
    ("contact_name", "联系人"),
    ("contact_phone", "联系电话"),
    ("contact_note", "备注"),
    ("role", "角色"),
    ("unit", "单位"),
    ("grants", "授权"),
    ("password_at", "设置密码于"),
    ("invited_until", "邀请有效至"),
    ("locked_until", "锁定至"),
    ("oidc", "统一认证账号"),
    ("name", "名称"),
    ("enabled", "启用"),
    ("active", "启用"),
    ("stopped_until", "停用至"),
    ("closed_at", "注销于"),
    ("interfaces", "接口"),
    ("rate", "每秒上限"),
    ("mac", "mac"),
    ("networks", "来源网段"),
    ("key", "密钥校验值"),
    ("older_key", "旧密钥校验值"),
    ("accounts", "所属业务系统"),
    ("notice_url", "通知地址"),
    ("settlement", "支持结算"),
    ("password_free", "免密功能"),
    ("ways", "认证方式"),
    ("record", "认证记录"),
    ("handover_url", "跳转地址"),
    ("word", "免密答复限额"),
];

/// What an action (`account.add`) is called.
pub fn action_words(action: &str) -> &str {
    match action.strip_prefix("application.") {
        Some(step) if step != "begin" => command_name(step),
        _ => word(&ACTIONS, action),
    }
}

/// What a field of a change is called.
pub fn field_words(field: &str) -> &str {
    word(&FIELDS, field)
}

fn word<'a>(words: &[(&str, &'static str)], code: &'a str) -> &'a str {
    words.iter().find(|(known, _)| *known == code).map_or(code, |(_, word)| word)
}

/// A field of a change as people read it: its name, what it was, and what it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ChangeRow {
    pub(crate) name: String,
    pub(crate) before: Option<String>,
    pub(crate) after: String,
    /// Whether it says why something was refused.
    is_refusal: bool,
}

/// The changes of an event, field by field.
pub(crate) fn change_rows(json: &str) -> Vec<ChangeRow> {
    let all: Vec<(String, Option<String>, Option<String>)> = serde_json::from_str(json).unwrap_or_default();
    let shown = |value: Option<String>| match value.as_deref() {
        None => "无".to_owned(),
        Some("true") => "是".to_owned(),
        Some("false") => "否".to_owned(),
        Some(text) => text.to_owned(),
    };
    let row = |(field, before, after): (String, Option<String>, Option<String>)| ChangeRow {
        name: field_words(&field).to_owned(),
        after: if before.is_some() && before == after {
            // Two values may have one mask.
            format!("{}（掩去的部分不同）", shown(after))
        } else {
            shown(after)
        },
        before: before.map(|before| shown(Some(before))),
        is_refusal: field == "refusal",
    };
    all.into_iter().map(row).collect()
}

/// `mac：optional → required`, each change.
pub fn change_words(json: &str) -> String {
    let one = |ChangeRow { name, before, after, is_refusal }: ChangeRow| match before {
        None if is_refusal => after,
        None => format!("{name}：{after}"),
        Some(before) => format!("{name}：{before} → {after}"),
    };
    change_rows(json).into_iter().map(one).collect::<Vec<_>>().join("，")
}

#[cfg(test)]
mod tests {
    #[test]
    fn changes_are_read_by_people() {
        let json = r#"[["mac","optional","required"],["rate",null,"5"],["older_key","8C9B2A",null]]"#;
        assert_eq!(
            super::change_words(json),
            "mac：optional → required，每秒上限：5，旧密钥校验值：8C9B2A → 无"
        );
        let json = r#"[["enabled","true","false"],["later","a","b"]]"#;
        assert_eq!(super::change_words(json), "启用：是 → 否，later：a → b");
        assert_eq!(
            super::change_words(r#"[["refusal",null,"业务系统编码 x 不存在"]]"#),
            "业务系统编码 x 不存在"
        );
        let json = r#"[["contact_phone","*******1234","*******1234"]]"#;
        let told = "联系电话：*******1234 → *******1234（掩去的部分不同）";
        assert_eq!(super::change_words(json), told);
        assert_eq!(super::change_words("[]"), "");
    }
}
