//! What a newcomer reads when the sandbox is up: what there is, and what to try next.

use std::path::Path;

use yanmi_simulator::World;

/// The text. Every line of it can be copied and run.
pub(super) fn text(world: &World, dir: &Path) -> String {
    let file = dir.join("sandbox.json");
    let file = file.display();
    let config = dir.join("yanmi.toml");
    let config = config.display();
    let (simulator, institution) = (&world.simulator_url, &world.institution_url);
    let (Some(person), Some(channel)) = (world.persons.first(), world.channels.first()) else {
        return String::new();
    };
    let Some(member) = world.accounts.first().and_then(|account| account.institutions.first()) else {
        return String::new();
    };
    let Some(operator) = world.operators.iter().find(|operator| operator.login == "approver") else {
        return String::new();
    };
    let Some(applicant) = world.applicants.first() else { return String::new() };
    let (index, channel_id, channel_name) =
        (person.ec_index_no.as_str(), channel.chnl_id.as_str(), &channel.name);
    let (code, name) = (member.org_codg.as_str(), &member.org_name);
    let (person_name, password) = (&person.user_name, person.password.as_deref().unwrap_or("-"));
    format!(
        "\
验密沙箱已就绪。

  ▶ 用浏览器打开  {simulator}/
    看窗口与手机并排走完一次核验，以及经过的每一条报文；可以一键自动演示。

  机构监听口  {institution}（1.7.1、1.7.2、密码核验、解码）
  渠道监听口  {channel_url}
  模拟器      {simulator}（国家电子凭证、渠道应用、参保人的手机）
  参保人      {person_name}，密码 {password}，渠道应用「{channel_name}」
  机构        {code} {name}

在命令行试一试（每行可直接复制；yanmi 指 target/release/yanmi）：

1. 参保人在手机上展码：
   curl -s {simulator}/qr -d '{{\"ecIndexNo\":\"{index}\",\"chnlId\":\"{channel_id}\"}}'
2. 机构扫码解码，得到令牌 ecToken：
   yanmi call decode --sandbox {file} --qr 上一步的ecQrCode
3. 机构发起认证通知（1.7.1）：
   yanmi call notify --sandbox {file} --token 上一步的ecToken --amount 128.50
4. 看参保人的手机：
   curl -s {simulator}/phones/{index}/notices
5. 参保人输入密码确认：
   curl -s {simulator}/phones/{index}/act -d '{{\"notcNo\":\"上一步的notcNo\",\"action\":\"confirm\",\"way\":\"01\"}}'
6. 机构查询状态（1.7.2），checkStas 为 1 即可结算：
   yanmi call status --sandbox {file} --token 第2步的ecToken

看登记、改登记：
   yanmi account list --config {config}

管理台：用浏览器打开  {operator_url}/o/login
   登录名 {login}，密码 {console_password}，验证码（30 秒换一次）：
   yanmi operator code --sandbox {file} --login {login}
   其余操作员（系统管理员、安全管理员、审计员、市县的经办与复核等）在 {file} 的 operators 中。

申请方（厂商与机构）的页面：用浏览器打开  {applicant_url}/a/login
   登录名 {applicant}，密码 {applicant_password}，验证码同样用 yanmi operator code 看；其余的人在 applicants 中。

各返回码的令牌在 {file} 的 magicTokens 中。您自己的程序发到机构监听口的请求也会出现在页面上。按 Ctrl-C 停止。
",
        channel_url = world.channel_url,
        operator_url = world.operator_url,
        login = operator.login,
        applicant_url = world.applicant_url,
        applicant = applicant.login,
        applicant_password = applicant.password,
        console_password = operator.password,
    )
}
