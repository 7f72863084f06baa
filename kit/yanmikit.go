/*
验密工具包（Go）：线上密码核验认证的加密、两个调用与结算判断，一个文件，拷进自己的程序（改 package 的名字）即可。

	语言    Go 1.13 或更新
	需要    只用标准库；SM4、SM3 在本文件末尾。拷进自己的程序时删去“命令行”一节
	试过    Debian 12 的 Go 1.19：全部向量、沙箱里的一次结算、接入验收的全部情形（通过）
	没试过  Windows；https 只信系统里的根证书

	go build -o yanmikit yanmikit.go
	./yanmikit vectors vectors.json           核对全部已知答案
	./yanmikit settle kit.conf 令牌 确认命令   走一遍：通知、等参保人确认、问能否结算
	./yanmikit settle kit.conf                 一个收费窗口：标准输入一行一个操作（接入验收）
*/
package main

import (
	"bufio"
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/ioutil"
	"math/bits"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// 1.7.1 与 1.7.2。
const noticePath, statusPath = "/cfc/api/tokenPwdCheckNotc", "/cfc/api/tokenPwdStas"

// Refused 是不合规范的内容；Code 是中心对它的返回码（-2 形式不对，-4 解不开）。
type Refused struct {
	Code int
	Why  string
}

func (refused *Refused) Error() string { return refused.Why }

// ---- 一、六个函数 ----

var hexKey = regexp.MustCompile(`^[0-9A-Fa-f]{32}$`)
var hexBlocks = regexp.MustCompile(`^([0-9A-Fa-f]{32})+$`)

// KeyBytes 是下发的密钥：32 位十六进制，或 16 个 ASCII 字符。最常见的错误就是把前者当作后者。
func KeyBytes(text string) ([]byte, error) {
	if hexKey.MatchString(text) {
		return hex.DecodeString(text)
	}
	if len(text) != 16 {
		return nil, errors.New("密钥应为 32 位十六进制或 16 个 ASCII 字符")
	}
	return []byte(text), nil
}

// Seal 加密（encData）：UTF-8，PKCS7，SM4-ECB，大写十六进制。
func Seal(key []byte, text string) string {
	fill := 16 - len(text)%16 // 恰为整块时也要再补一整块：解密的一方总是从最后一个字节知道补了多少
	data := append([]byte(text), bytes.Repeat([]byte{byte(fill)}, fill)...)
	return upper(sm4(sm4Keys(key), data))
}

// Unseal 解密。每一步都查：填充不对、不是 UTF-8、不是 JSON 对象的，都不是中心的应答。
func Unseal(key []byte, encData string) (string, error) {
	if !hexBlocks.MatchString(encData) {
		return "", &Refused{-2, "encData 应为十六进制，长度为 32 的倍数"}
	}
	keys := sm4Keys(key)
	for i := 0; i < 16; i++ { // 解密就是把轮密钥倒过来用
		keys[i], keys[31-i] = keys[31-i], keys[i]
	}
	sealed, _ := hex.DecodeString(encData)
	data := sm4(keys, sealed)
	fill := int(data[len(data)-1])
	if fill < 1 || fill > 16 || !bytes.Equal(data[len(data)-fill:], bytes.Repeat([]byte{byte(fill)}, fill)) {
		return "", &Refused{-4, "填充不是 PKCS7，多半是密钥不对：与中心比对密钥校验值"}
	}
	text := string(data[:len(data)-fill])
	_, err := Members(text)
	return text, err
}

// Kcv 是密钥校验值：双方各自算出 6 位来比对，不必说出密钥。
func Kcv(key []byte) string { return upper(sm4(sm4Keys(key), make([]byte, 16))[:3]) }

// PasswordDigest 是 userPwd：六位凭证密码的 SM3。只能由参保人自己输入；不保存，不写日志（1.5.4(3)）。
func PasswordDigest(password string) string { return upper(sm3([]byte(password))) }

// RequestMac 是请求的 mac：ECB 没有校验，没有它，线路上的人不用密钥就能剪贴、重放、伪造 500320。
func RequestMac(key []byte, path, orgID, version, reqtType, timestamp, encData string) string {
	return mac(key, "request", path, orgID, version, reqtType, timestamp, encData)
}

// AnswerMac 是应答的 mac，把请求的 mac（request）算在内，所以只属于这一次请求；拒绝也有。
func AnswerMac(key []byte, request string, code int, message, encData string) string {
	return mac(key, "answer", request, strconv.Itoa(code), message, encData)
}

func mac(key []byte, parts ...string) string {
	derived := hmac(hmac(make([]byte, 32), key), []byte("yanmi/envelope/mac/1\x01")) // HKDF-SM3，没有 salt
	var all []byte
	for _, part := range parts {
		length := make([]byte, 8)
		binary.BigEndian.PutUint64(length, uint64(len(part)))
		all = append(append(all, length...), part...)
	}
	return upper(hmac(derived, all))
}

// ---- 二、判断：一个应答说明什么，经办人员下一步做什么 ----

// Judgment 的 Decision：settle 可以结算，wait 已通知、等参保人，refuse 不结算，offline 转线下方式。
// Code：返回码；没有得到应答为空串，mac 不符为 "mac"。Seconds：要求等多少秒再发，0 为没有要求。
type Judgment struct {
	Decision, Code, Why, Next string
	Seconds                   int
	proven                    bool
}

func (said Judgment) String() string {
	if said.Seconds > 0 {
		return fmt.Sprintf("%s。%s（%d 秒之后再发）", said.Why, said.Next, said.Seconds)
	}
	return said.Why + "。" + said.Next
}

func noAnswer(why string) Judgment {
	return Judgment{Decision: "offline", Why: "无法得到中心的应答：" + why, Next: instead}
}

// Answer 是一个 HTTP 应答，与它所答的请求：Request 是请求的 mac（没有则空），Notices 是本次就诊通知了几次。
type Answer struct {
	Call, Request, RetryAfter, Body string
	MacRequired                     bool
	HTTP, Notices                   int
}

// Judge 照 1.1：先判断协议字段，再判断业务返回，最后判断交易状态。任何一步说不清，都不结算。
func Judge(key []byte, got Answer) Judgment {
	strange := noAnswer(fmt.Sprintf("中心的应答不合规范（HTTP %d）", got.HTTP))
	answer, err := Members(strings.TrimPrefix(got.Body, "\uFEFF"))
	code, notNumber := strconv.Atoi(answer["code"])
	if err != nil || notNumber != nil {
		return strange
	}
	encData, message := "", answer["message"]
	if answer["data"] != "" {
		data, err := Members(answer["data"])
		if err != nil {
			return strange
		}
		encData = data["encData"]
	}
	proven := got.Request != "" && answer["mac"] != ""
	right := AnswerMac(key, got.Request, code, message, encData)
	if proven && subtle.ConstantTimeCompare([]byte(strings.ToUpper(answer["mac"])), []byte(right)) != 1 {
		return Judgment{Decision: "refuse", Code: "mac", Why: "中心的应答不可信：mac 不符，被改动过或不是对本次请求的", Next: renotify}
	}
	if !proven && got.MacRequired && (code == 0 || code == 500320) { // 能让人结算的，必须有 mac
		return Judgment{Decision: "refuse", Code: "mac", Why: "中心的应答不可信：没有 mac", Next: renotify}
	}
	var said Judgment
	if code != 0 {
		said = refusal(code, message, got.RetryAfter)
	} else if got.HTTP != 200 {
		return strange
	} else {
		text, err := Unseal(key, encData)
		if err != nil {
			return noAnswer(err.Error())
		}
		plain, _ := Members(text)
		flag := plain["checkStas"]
		if got.Call == "notice" {
			flag = plain["notcFlag"]
		}
		if flag != "0" && flag != "1" {
			return strange
		}
		said = state(got.Call, flag == "1", got.Notices)
	}
	said.proven = proven
	return said
}

// 交易状态。
func state(call string, one bool, notices int) Judgment {
	if call == "notice" {
		if one {
			return Judgment{Decision: "wait", Code: "0", Why: "已通知参保人的渠道应用", Next: notConfirmed[0]}
		}
		return Judgment{Decision: "offline", Code: "0", Why: "通知参保人的渠道应用失败：通知结果标识为 0", Next: instead}
	}
	if one {
		return Judgment{Decision: "settle", Code: "0", Why: "线上密码核验认证通过", Next: "请继续办理医保业务并结算。"}
	}
	next := notConfirmed[0]
	if notices > 2 {
		next = notConfirmed[2]
	} else if notices == 2 {
		next = notConfirmed[1]
	}
	return Judgment{Decision: "refuse", Code: "0", Why: "参保人尚未完成线上认证，结算前需先完成安全认证", Next: next}
}

var toldSeconds = regexp.MustCompile(`请 (\d{1,4}) 秒`)
var headerSeconds = regexp.MustCompile(`^\d{1,4}$`)

// 业务返回。
func refusal(code int, message, retryAfter string) Judgment {
	said := Judgment{Decision: "refuse", Code: strconv.Itoa(code), Why: fmt.Sprintf("%s（%d）", message, code), Next: nextStep[code]}
	if said.Next == "" {
		said.Next = instead
	}
	switch code {
	case 500320: // 免密不是失败：直接结算
		said.Decision, said.Next = "settle", "请继续办理医保业务并结算。"
	case -1, -3, 500033, 500319, 500321: // 中心或渠道此刻用不了；其余的要先改正或等待
		said.Decision = "offline"
	case -6, 500084:
		said.Seconds = 3
		if headerSeconds.MatchString(retryAfter) {
			said.Seconds, _ = strconv.Atoi(retryAfter)
		} else if told := toldSeconds.FindStringSubmatch(message); told != nil {
			said.Seconds, _ = strconv.Atoi(told[1])
		}
		if code == 500084 && strings.Contains(message, "非本人") {
			said.Next = "请核实持码人身份，未核实前不得结算；核实为本人的，采用" + offlineWays + "。"
		}
	}
	return said
}

// ---- 三、两个调用，与一次就诊 ----

// Center 是一个账号与它的中心；可以共用。proven 为 1：中心的应答带过 mac，此后没有 mac 的不再采信。
type Center struct {
	set    map[string]string
	Key    []byte
	proven int32
	client http.Client
}

// NewCenter 读 kit.conf。
func NewCenter(file string) (*Center, error) {
	text, err := ioutil.ReadFile(file)
	if err != nil {
		return nil, err
	}
	center := &Center{set: map[string]string{"prefix": "sys", "mac": "auto", "timeoutMs": "8000"}}
	for _, line := range strings.Split(strings.TrimPrefix(string(text), "\uFEFF"), "\n") {
		if at := strings.Index(line, "="); at > 0 && line[0] != '#' {
			center.set[strings.TrimSpace(line[:at])] = strings.TrimSpace(line[at+1:])
		}
	}
	plain := regexp.MustCompile(`^(https://|http://(127\.|localhost|\[::1\]))`)
	if !plain.MatchString(center.set["url"]) && center.set["plainHttp"] != "1" {
		return nil, errors.New("明文 http 只许本机；确知线路可信才写 plainHttp=1")
	}
	patience, err := strconv.Atoi(center.set["timeoutMs"])
	if err != nil {
		return nil, err
	}
	center.client.Timeout = time.Duration(patience) * time.Millisecond
	center.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	center.Key, err = KeyBytes(center.set["key"])
	return center, err
}

// Notify 是 1.7.1 通知。amount 是预结算的医疗费总额，如 "128.50"：若有应必传。
func (center *Center) Notify(token, amount string) Judgment {
	text := fmt.Sprintf(`{"token":%s,"orgCodg":%s,"orgName":%s,"totalAmount":%s}`,
		quoted(token), quoted(center.set["orgCodg"]), quoted(center.set["orgName"]), amount)
	return center.call(noticePath, text, Answer{Call: "notice", Notices: 1})
}

// Status 是 1.7.2 查询。令牌与通知的相同；不要循环轮询，点击确认结算时查一次。
func (center *Center) Status(token string, notices int) Judgment {
	text := fmt.Sprintf(`{"token":%s,"orgCodg":%s}`, quoted(token), quoted(center.set["orgCodg"]))
	return center.call(statusPath, text, Answer{Call: "status", Notices: notices})
}

func (center *Center) call(path, text string, got Answer) Judgment {
	stamp := strconv.FormatInt(time.Now().UnixNano()/1e6, 10) // 每次（包括重试）都重新取时间、重新组包
	envelope := map[string]string{"orgId": center.set["orgId"], "encData": Seal(center.Key, text), "version": "1.0.0",
		"timestamp": stamp, "reqtType": center.set["prefix"] + "&" + center.set["region"]}
	if center.set["mac"] != "never" {
		got.Request = RequestMac(center.Key, path, envelope["orgId"], "1.0.0", envelope["reqtType"], stamp, envelope["encData"])
		envelope["mac"] = got.Request
	}
	got.MacRequired = center.set["mac"] == "always" || center.set["mac"] == "auto" && atomic.LoadInt32(&center.proven) == 1
	body, _ := json.Marshal(envelope)
	answer, err := center.client.Post(center.set["url"]+path, "application/json", bytes.NewReader(body))
	if err == nil {
		var read []byte
		read, err = ioutil.ReadAll(io.LimitReader(answer.Body, 65537))
		answer.Body.Close()
		got.HTTP, got.RetryAfter, got.Body = answer.StatusCode, answer.Header.Get("Retry-After"), string(read)
	}
	if err != nil { // 连不上、断开、不完整：不论什么原因，都没有得到应答
		if timedOut, ok := err.(interface{ Timeout() bool }); ok && timedOut.Timeout() {
			return Judgment{Decision: "offline", Why: "请求中心超时", Next: instead}
		}
		if way, ok := err.(*url.Error); ok {
			err = way.Err
		}
		return noAnswer(err.Error())
	}
	said := Judge(center.Key, got)
	if said.proven {
		atomic.StoreInt32(&center.proven, 1)
	}
	return said
}

// Visit 是一次展码就诊，扫码的那一刻建立（介质在读取时记录，不以结算时的证件类型倒推）。
// 换渠道应用重新展码就另建一个：旧令牌的通知与认证全部作废。
type Visit struct {
	Center  *Center
	Token   string
	notices int
	notice  Judgment
	covers  int64 // 参保人至多确认了多少分
	hasFen  bool  // 有没有
	at      time.Time
}

// Notify 可由经办人员多次发起（1.4.4(5)A），间隔 3 秒以上。
func (visit *Visit) Notify(amount string) Judgment {
	fen, err := cents(amount)
	if err != nil {
		return Judgment{Decision: "refuse", Why: err.Error(), Next: renotify}
	}
	said := visit.Center.Notify(visit.Token, amount)
	if said.Decision == "wait" || said.Decision == "settle" || said.Code == "" && (!visit.hasFen || fen < visit.covers) {
		visit.covers, visit.hasFen = fen, true // 参保人确认的，至多是最近一次通知的金额；没有得到应答的，只会把金额压低
	}
	visit.notices, visit.notice, visit.at = visit.notices+1, said, time.Now()
	return said
}

// Settle 在点击确认结算时问：每次都重新查询（1.6.2(8)），只有 settle 才结算。退费、撤销不必问。
func (visit *Visit) Settle(amount string) Judgment {
	said := visit.notice
	if visit.notices == 0 {
		return Judgment{Decision: "refuse", Why: "尚未发起线上认证通知", Next: "请为参保人发起线上密码核验认证通知。"}
	}
	free := said.Decision == "settle" && time.Since(visit.at) < 30*time.Minute // 通知就得到 500320 的，直接办理
	if !free && said.Code != "mac" {
		asked := visit.Center.Status(visit.Token, visit.notices)
		unconfirmed := asked.Decision == "refuse" && asked.Code == "0"
		if !unconfirmed || said.Decision != "refuse" && said.Decision != "offline" { // 通知本身没有成功的，说通知的原因
			said = asked
		}
	}
	fen, err := cents(amount)
	if said.Decision == "settle" && (err != nil || !visit.hasFen || fen > visit.covers) {
		return Judgment{Decision: "refuse", Code: "0", Why: "参保人确认的金额低于本次结算金额", Next: renotify}
	}
	return said
}

var yuan = regexp.MustCompile(`^(\d{1,14})(?:\.(\d{1,2}))?$`)

// 金额不用浮点数：换成分。
func cents(amount string) (int64, error) {
	found := yuan.FindStringSubmatch(amount)
	if found == nil {
		return 0, errors.New("金额应为元，至多两位小数：" + amount)
	}
	return strconv.ParseInt(found[1]+(found[2] + "00")[:2], 10, 64)
}

// ---- 四、命令行 ----

// 一个收费窗口：每行一个操作，各答一行“返回值 提示”。
func window(center *Center) error {
	var visit *Visit
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := append(strings.Fields(lines.Text()), "", "")
		said := Judgment{Decision: "wait", Why: "已登记"}
		switch words[0] {
		case "scan", "token":
			visit = &Visit{Center: center, Token: words[1]}
		case "notice":
			said = visit.Notify(words[1])
		case "status":
			said = center.Status(visit.Token, visit.notices)
		default:
			said = visit.Settle(words[1])
		}
		fmt.Println(map[string]int{"refuse": 1, "offline": 2}[said.Decision], said)
	}
	return lines.Err()
}

// 走一遍：通知之前不结算，确认之前不结算，确认之后结算，金额变大不结算。
func journey(center *Center, token, confirm string) error {
	visit := &Visit{Center: center, Token: token}
	fmt.Println("密钥校验值：" + Kcv(center.Key))
	steps := []struct {
		name, expected string
		act            func() Judgment
	}{
		{"通知之前", "refuse", func() Judgment { return visit.Settle("128.50") }},
		{"通知", "wait", func() Judgment { return visit.Notify("128.50") }},
		{"确认之前", "refuse", func() Judgment { return visit.Settle("128.50") }},
		{"确认之后", "settle", func() Judgment { return visit.Settle("128.50") }},
		{"金额变大", "refuse", func() Judgment { return visit.Settle("128.51") }},
	}
	for at, step := range steps {
		if at == 3 {
			shell := exec.Command("sh", "-c", confirm)
			if os.PathSeparator == '\\' {
				shell = exec.Command("cmd", "/c", confirm)
			}
			shell.Stdout, shell.Stderr = os.Stdout, os.Stderr
			if err := shell.Run(); err != nil {
				return err
			}
		}
		said := step.act()
		fmt.Printf("%s：%s\n", step.name, said)
		if said.Decision != step.expected {
			return fmt.Errorf("应为 %s，得到 %s", step.expected, said.Decision)
		}
	}
	fmt.Println("可以结算")
	return nil
}

func vectors(file string) error {
	text, err := ioutil.ReadFile(file)
	if err != nil {
		return err
	}
	table, err := pairs(string(text))
	if err != nil {
		return err
	}
	for _, row := range table {
		v, err := Members(row[1])
		if err != nil {
			return err
		}
		got, err := answered(v)
		var refused *Refused
		if errors.As(err, &refused) {
			got, err = strconv.Itoa(refused.Code), nil
		}
		if err != nil || got != v["result"] {
			return fmt.Errorf("不符：%s\n  应为 %s\n  得到 %s", row[0], v["result"], got)
		}
	}
	fmt.Printf("%d 个向量全部相符\n", len(table))
	return nil
}

func answered(v map[string]string) (string, error) {
	var key []byte
	var err error
	if v["key"] != "" {
		key, err = KeyBytes(v["key"])
	}
	if err != nil {
		return "", err
	}
	number := func(name string) int {
		value, _ := strconv.Atoi(v[name])
		return value
	}
	switch v["do"] {
	case "seal":
		return Seal(key, v["plain"]), nil
	case "unseal":
		return Unseal(key, v["encData"])
	case "kcv":
		return Kcv(key), nil
	case "digest":
		return PasswordDigest(v["password"]), nil
	case "requestMac":
		return RequestMac(key, v["path"], v["orgId"], v["version"], v["reqtType"], v["timestamp"], v["encData"]), nil
	case "answerMac":
		return AnswerMac(key, v["request"], number("code"), v["message"], v["encData"]), nil
	}
	said := Judge(key, Answer{Call: v["call"], Request: v["request"], RetryAfter: v["retryAfter"], Body: v["body"],
		MacRequired: v["macRequired"] == "1", HTTP: number("http"), Notices: number("notices")})
	return fmt.Sprintf("%s|%s|%d|%s", said.Decision, said.Code, said.Seconds, said.Next), nil
}

func main() {
	words, err := os.Args[1:], errors.New("用法见本文件开头")
	if len(words) == 2 && words[0] == "vectors" {
		err = vectors(words[1])
	} else if len(words) > 1 && words[0] == "settle" {
		var center *Center
		center, err = NewCenter(words[1])
		if err == nil && len(words) == 4 {
			err = journey(center, words[2], words[3])
		} else if err == nil {
			err = window(center)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// ---- 附一：经办人员的下一步（1.9、1.4.4(5)） ----

const offlineWays = "医保终端刷脸、医保终端密码或动态库密码" // 本机构没有的方式，从这里删去
const instead = "请改用" + offlineWays + "；也可稍后重新发起认证通知。"
const renotify = "请按本次结算金额重新发起认证通知，再确认结算。"
const inform = "本次请采用" + offlineWays + "，并告知信息科："

// 通知了一次、两次、三次及以上。
var notConfirmed = [3]string{
	"请参保人在展码渠道应用上完成认证；未收到通知的，请其先打开手机并进入展码渠道应用，再重新发起认证通知。",
	"请参保人查看手机的系统通知和渠道应用内的站内信（消息中心），点击通知进入认证页面。",
	"请参保人换一个渠道应用重新展码，重新解码后再发起通知；或改用" + offlineWays + "。",
}

var nextStep = map[int]string{
	-1:     inform + "中心一侧出错或不可用：机构可稍后重试一次，仍不成功则引导参保人采用线下方式；中心按日志查因。",
	-2:     inform + "按提示信息中的参数名修改程序；时间戳超差时先校准本机时钟。原样重发不会成功。",
	-3:     "请稍后重试一次；或改用" + offlineWays + "。",
	-4:     inform + "核对业务系统编码、密钥（比对密钥校验值）、SM4-ECB、PKCS7 填充与 UTF-8 编码；请中心查看日志中的确切原因。",
	-5:     inform + "核对请求地址的路径，区分大小写。",
	-6:     inform + "等提示的秒数（亦见 Retry-After 头）后再发；不要循环轮询，查询可用 waitSeconds。",
	500001: "令牌无效或已过期：请参保人重新展码，重新解码。",
	500002: "请参保人先在渠道应用中激活医保电子凭证，再重新发起认证通知；或改用" + offlineWays + "。",
	500003: "请参保人在该渠道应用中完成授权后重新发起，或换一个渠道应用重新展码；或改用" + offlineWays + "。",
	500012: "请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码；或改用" + offlineWays + "。",
	500033: inform + "国家电子凭证不可用：机构可稍后重试或采用线下方式；中心检查到国家电子凭证的连接。",
	500042: "请参保人在渠道应用中设置医保电子凭证密码，再重新发起认证通知；或改用" + offlineWays + "。",
	500050: "请参保人到医保经办机构核实参保信息，本次采用" + offlineWays + "。",
	500054: "请参保人到医保经办机构核实参保信息，本次采用" + offlineWays + "。",
	500057: "请核对参保人身份；确为本人的，到医保经办机构更正信息，本次采用" + offlineWays + "。",
	500058: "请参保人到医保经办机构核实参保信息，本次采用" + offlineWays + "。",
	500084: "先请参保人打开渠道应用查看消息中心里已有的通知，稍等后再重新发起。",
	500100: inform + "向地方电子凭证中心申请该接口的权限。",
	500208: inform + "中心补录渠道认证记录；参保人可先换渠道应用。",
	500209: inform + "中心核实停用原因；参保人可先换渠道应用。",
	500316: inform + "传国标定点机构代码（H 或 P 加 11 位数字），且须登记在本业务系统编码之下。",
	500319: "请参保人打开渠道应用后重新发起一次；仍失败则换渠道应用重新展码；或改用" + offlineWays + "。",
	500321: "请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码；或改用" + offlineWays + "。",
}

// ---- 附二：JSON 对象的成员。标准的 json 对重复的成员取最后一个；重复的应答谁也说不清，所以拒绝 ----

// Members 是成员名到值：字符串去掉引号，null 与没有一样，其余为原文（内层对象可再读一次）。
func Members(text string) (map[string]string, error) {
	found, err := pairs(text)
	out := map[string]string{}
	for _, pair := range found {
		out[pair[0]] = pair[1]
	}
	return out, err
}

// 照原来的次序。
func pairs(text string) ([][2]string, error) {
	wrong := &Refused{-4, "明文不是 UTF-8 的 JSON 对象，或成员重复"}
	if !utf8.ValidString(text) { // 标准的 json 会把坏字节悄悄换成问号
		return nil, wrong
	}
	reader, seen := json.NewDecoder(strings.NewReader(text)), map[string]bool{}
	if begin, err := reader.Token(); err != nil || begin != json.Delim('{') {
		return nil, wrong
	}
	var out [][2]string
	for reader.More() {
		name, err := reader.Token()
		var raw json.RawMessage
		if err != nil || reader.Decode(&raw) != nil || seen[name.(string)] {
			return nil, wrong
		}
		seen[name.(string)] = true
		value := string(raw)
		if value[0] == '"' && json.Unmarshal(raw, &value) != nil {
			return nil, wrong
		}
		if strings.Count(name.(string)+value, "\uFFFD") > strings.Count(text, "\uFFFD") { // 落单的代理字符也悄悄换成了问号
			return nil, wrong
		}
		if string(raw) != "null" {
			out = append(out, [2]string{name.(string), value})
		}
	}
	if _, err := reader.Token(); err != nil {
		return nil, wrong
	}
	if _, err := reader.Token(); err != io.EOF {
		return nil, wrong
	}
	return out, nil
}

func quoted(text string) string {
	out, _ := json.Marshal(text)
	return string(out)
}

func upper(data []byte) string { return strings.ToUpper(hex.EncodeToString(data)) }

// ---- 附三：SM4（GB/T 32907）与 SM3（GB/T 32905） ----

var sbox, _ = hex.DecodeString("d690e9fecce13db716b614c228fb2c052b679a762abe04c3aa441326498606999c4250f491ef987a33540b43edcfac62e4b31ca9c908e89580df94fa758f3fa64707a7fcf37317ba83593c19e6854fa8686b81b27164da8bf8eb0f4b70569d351e240e5e6358d1a225227c3b01217887d40046579fd327524c3602e7a0c4c89eeabf8ad240c738b5a3f7f2cef96115a1e0ae5da49b341a55ad933230f58cb1e31df6e22e8266ca60c02923ab0d534e6fd5db3745defd8e2f03ff6a726d6c5b518d1baf92bbddbc7f11d95c411f105ad80ac13188a5cd7bbd2d74d012b8e5b4b08969974a0c96777e65b9f109c56ec68418f07dec3adc4d2079ee5f3ed7cb3948")

func substituted(word uint32) uint32 {
	return uint32(sbox[word>>24])<<24 | uint32(sbox[word>>16&255])<<16 | uint32(sbox[word>>8&255])<<8 | uint32(sbox[word&255])
}

func sm4Keys(key []byte) (keys [32]uint32) {
	words := []uint32{0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC}
	for i := range words {
		words[i] ^= binary.BigEndian.Uint32(key[4*i:])
	}
	for turn := range keys {
		var constant uint32
		for i := 0; i < 4; i++ {
			constant = constant<<8 | uint32((4*turn+i)*7&255)
		}
		mixed := substituted(words[turn+1] ^ words[turn+2] ^ words[turn+3] ^ constant)
		keys[turn] = words[turn] ^ mixed ^ bits.RotateLeft32(mixed, 13) ^ bits.RotateLeft32(mixed, 23)
		words = append(words, keys[turn])
	}
	return keys
}

// 逐块（ECB）；轮密钥倒过来就是解密。
func sm4(keys [32]uint32, data []byte) []byte {
	out := make([]byte, len(data))
	for at := 0; at < len(data); at += 16 {
		var w [4]uint32
		for i := range w {
			w[i] = binary.BigEndian.Uint32(data[at+4*i:])
		}
		for _, key := range keys {
			m := substituted(w[1] ^ w[2] ^ w[3] ^ key)
			m ^= bits.RotateLeft32(m, 2) ^ bits.RotateLeft32(m, 10) ^ bits.RotateLeft32(m, 18) ^ bits.RotateLeft32(m, 24)
			w = [4]uint32{w[1], w[2], w[3], w[0] ^ m}
		}
		for i := range w {
			binary.BigEndian.PutUint32(out[at+4*i:], w[3-i])
		}
	}
	return out
}

func sm3(message []byte) []byte {
	state := [8]uint32{0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E}
	data := make([]byte, (len(message)+72)/64*64)
	copy(data, message)
	data[len(message)] = 0x80
	binary.BigEndian.PutUint64(data[len(data)-8:], uint64(len(message))*8)
	rotate := bits.RotateLeft32
	for ; len(data) > 0; data = data[64:] {
		var w [68]uint32
		for j := range w {
			if j < 16 {
				w[j] = binary.BigEndian.Uint32(data[4*j:])
				continue
			}
			x := w[j-16] ^ w[j-9] ^ rotate(w[j-3], 15)
			w[j] = x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(w[j-13], 7) ^ w[j-6]
		}
		a, b, c, d, e, f, g, h := state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
		for j := 0; j < 64; j++ {
			constant, ff, gg := uint32(0x79CC4519), a^b^c, e^f^g
			if j >= 16 {
				constant, ff, gg = 0x7A879D8A, a&b|a&c|b&c, e&f|^e&g
			}
			one := rotate(rotate(a, 12)+e+rotate(constant, j), 7)
			first, second := ff+d+(one^rotate(a, 12))+(w[j]^w[j+4]), gg+h+one+w[j]
			a, b, c, d, e, f, g, h = first, a, rotate(b, 9), c, second^rotate(second, 9)^rotate(second, 17), e, rotate(f, 19), g
		}
		for i, word := range [8]uint32{a, b, c, d, e, f, g, h} {
			state[i] ^= word
		}
	}
	out := make([]byte, 32)
	for i, word := range state {
		binary.BigEndian.PutUint32(out[4*i:], word)
	}
	return out
}

func hmac(key, data []byte) []byte {
	inner, outer := make([]byte, 64), make([]byte, 64) // 这里的密钥都不超过 64 字节
	copy(inner, key)
	copy(outer, key)
	for i := range inner {
		inner[i] ^= 0x36
		outer[i] ^= 0x5C
	}
	return sm3(append(outer, sm3(append(inner, data...))...))
}
