HA$PBExportHeader$n_yanmi_kit.sru
$PBExportComments$验密：医保电子凭证线上密码核验认证
// 验密工具包（PowerBuilder）：经 yanmi.dll（C 接口的通用入口 YanmiTrans）扫码、通知、查询、问闸口。
//
// 语言    PowerBuilder 9 或更新，32 位
// 需要    yanmi.dll（32 位）放在程序旁边；配置 yanmi.toml 放在当前目录，其中写：
//             [c]
//             encoding = "gbk"      传入、传出都是 GBK，即 PowerBuilder 的 Ansi
//             escape = false        输出直接是汉字
//         加密、判断、就诊记录都在 yanmi.dll 里，所以这个文件没有 SM4，也不带 vectors
// 试过    没有：Debian 里没有 PowerBuilder。一个测试只核对这里用到的操作名与 yanmi.dll 的一致
// 没试过  全部。第一次使用请先对沙箱走一遍，再办一遍接入验收
//
// 导入    PowerBuilder 10 以后按 UTF-16 读：先把本文件另存为 UTF-16 LE（带 BOM）；PowerBuilder 9 另存为 GBK。
//         Library 画板，右键 Import；之后 n_yanmi_kit lnv_kit 即可使用。
//
// 一次就诊：of_begin（扫码之后，给令牌）→ of_notify（可反复点）→ 参保人在手机上确认 → of_gate 返回 0 才结算。
// 换渠道应用重新展码：of_switch，再 of_notify。三个数：0 可以结算（或已通知），1 不结算，2 转线下方式；
// 9001 以上是错误，任何错误都不结算。给经办人员看的话在 is_message。
forward
global type n_yanmi_kit from nonvisualobject
end type
end forward

global type n_yanmi_kit from nonvisualobject
end type
global n_yanmi_kit n_yanmi_kit

type prototypes
// 32 位为 stdcall，函数名不带修饰；out 至少 2,048 字节，调用前要先占好
FUNCTION string YanmiTrans(string config, string request, REF string out) LIBRARY "yanmi.dll" ALIAS FOR "YanmiTrans;Ansi"
end prototypes

type variables
string is_config = "yanmi.toml"
string is_visit      // 就诊编号，存进自己的就诊表，程序重启之后凭它继续
string is_message    // 一行提示：原因。下一步
end variables

forward prototypes
public function long of_trans (string as_operation, string as_data, ref string as_answer)
public function string of_member (string as_json, string as_name)
public function string of_quoted (string as_text)
public function long of_begin (string as_token, string as_reference)
public function long of_switch (string as_token)
public function long of_notify (string as_amount)
public function long of_status ()
public function long of_gate (string as_settlement, string as_amount)
public function long of_find (string as_reference)
end prototypes

public function long of_trans (string as_operation, string as_data, ref string as_answer);
// 一次调用。返回 out 中的 code；调用没有完成、或应答里没有 code 的，返回 9015，不结算
string ls_status, ls_code
as_answer = Space(2048)
ls_status = YanmiTrans(is_config, '{"transType":"' + as_operation + '","data":{' + as_data + '}}', as_answer)
as_answer = Trim(as_answer)
is_message = of_member(as_answer, "message") + "。" + of_member(as_answer, "next")
ls_code = of_member(as_answer, "code")
IF ls_status <> "0000" OR NOT IsNumber(ls_code) THEN
    // 状态不是 0000 也可能有完整的错误 JSON，它的 code 都在 9001 以上
    IF IsNumber(ls_code) THEN
        IF Long(ls_code) > 9000 THEN RETURN Long(ls_code)
    END IF
    RETURN 9015
END IF
RETURN Long(ls_code)
end function

public function string of_member (string as_json, string as_name);
// 取一个成员：字符串去掉引号，数字为原文，没有为空串。yanmi.dll 的输出是一行、没有空格的 JSON，成员名不重复
long ll_start, ll_end
string ls_mark
ls_mark = '"' + as_name + '":'
ll_start = Pos(as_json, ls_mark)
IF ll_start = 0 THEN RETURN ""
ll_start = ll_start + Len(ls_mark)
IF Mid(as_json, ll_start, 1) = '"' THEN
    ll_end = ll_start + 1
    DO WHILE ll_end <= Len(as_json) AND Mid(as_json, ll_end, 1) <> '"'
        IF Mid(as_json, ll_end, 1) = "\" THEN ll_end = ll_end + 1
        ll_end = ll_end + 1
    LOOP
    RETURN Mid(as_json, ll_start + 1, ll_end - ll_start - 1)
END IF
ll_end = ll_start
DO WHILE ll_end <= Len(as_json) AND Pos(",}", Mid(as_json, ll_end, 1)) = 0
    ll_end = ll_end + 1
LOOP
RETURN Mid(as_json, ll_start, ll_end - ll_start)
end function

public function string of_quoted (string as_text);
// 引号与反斜杠不该出现在令牌、金额、编号里，出现的去掉
long ll_at
string ls_out
FOR ll_at = 1 TO Len(as_text)
    IF Pos('"\', Mid(as_text, ll_at, 1)) = 0 THEN ls_out = ls_out + Mid(as_text, ll_at, 1)
NEXT
RETURN '"' + ls_out + '"'
end function

public function long of_begin (string as_token, string as_reference);
// 扫码的那一刻登记（介质在读取时记录）。as_reference 是本院自己的就诊编号
string ls_answer
long ll_code
ll_code = of_trans("yanmi.begin", '"medium":0,"ecToken":' + of_quoted(as_token) + ',"reference":' + of_quoted(as_reference), ls_answer)
is_visit = of_member(ls_answer, "visit")
RETURN ll_code
end function

public function long of_switch (string as_token);
// 换渠道应用重新展码：旧令牌的通知与认证全部作废，请重新通知
string ls_answer
RETURN of_trans("yanmi.switchToken", '"visit":' + of_quoted(is_visit) + ',"ecToken":' + of_quoted(as_token), ls_answer)
end function

public function long of_notify (string as_amount);
// 1.7.1 通知。as_amount 为预结算的医疗费总额，如 128.50。可由经办人员多次发起（1.4.4(5)A）
string ls_answer
RETURN of_trans("yanmi.notify", '"visit":' + of_quoted(is_visit) + ',"totalAmount":' + of_quoted(as_amount), ls_answer)
end function

public function long of_status ();
// 1.7.2 查询，给界面看；能否结算只看 of_gate
string ls_answer
RETURN of_trans("yanmi.status", '"visit":' + of_quoted(is_visit), ls_answer)
end function

public function long of_gate (string as_settlement, string as_amount);
// 点击确认结算时问：只有 0 才结算。as_settlement 为 2102、2207、2304
string ls_answer
RETURN of_trans("yanmi.gate", '"visit":' + of_quoted(is_visit) + ',"settlement":' + of_quoted(as_settlement) + ',"totalAmount":' + of_quoted(as_amount), ls_answer)
end function

public function long of_find (string as_reference);
// 程序重启之后，凭本院的编号找回
string ls_answer
long ll_code
ll_code = of_trans("yanmi.find", '"reference":' + of_quoted(as_reference), ls_answer)
is_visit = of_member(ls_answer, "visit")
RETURN ll_code
end function

on n_yanmi_kit.create
call super::create
TriggerEvent(this, "constructor")
end on

on n_yanmi_kit.destroy
TriggerEvent(this, "destructor")
call super::destroy
end on
