<?php
/* 验密工具包（PHP）：线上密码核验认证的加密、两个调用与结算判断，一个文件，拷进自己的程序 require 即可。

   语言    PHP 7.0 或更新，64 位
   需要    只用 PHP 自带的 json、pcre、hash；SM4、SM3 在本文件末尾（PHP 7 的 openssl 多半没有）。allow_url_fopen 须为 On（缺省）
   试过    Debian 12 的 php-cli 8.2：全部向量、沙箱里的一次结算、接入验收的全部情形（通过）
   没试过  真正的 PHP 7、Windows、php-fpm；mac=auto 要记住“中心带过 mac”，而 php-fpm 每次请求都从头开始：
           联调确认中心支持之后，请在 kit.conf 写 mac=always。就诊（YanmiVisit）跨请求保存可用 serialize

   php yanmi_kit.php vectors vectors.json           核对全部已知答案
   php yanmi_kit.php settle kit.conf 令牌 确认命令   走一遍：通知、等参保人确认、问能否结算
   php yanmi_kit.php settle kit.conf                 一个收费窗口：标准输入一行一个操作（接入验收） */

/** 不合规范的内容；getCode() 是中心对它的返回码（-2 形式不对，-4 解不开）。 */
class YanmiRefused extends Exception
{
}

/** decision：settle 可以结算，wait 已通知、等参保人，refuse 不结算，offline 转线下方式。
 *  code：返回码；没有得到应答为空串，mac 不符为 "mac"。seconds：要求等多少秒再发，0 为没有要求。 */
class YanmiJudgment
{
    public $decision, $code, $why, $next, $seconds, $proven = false;

    public function __construct($decision, $code, $why, $next, $seconds = 0)
    {
        list($this->decision, $this->code, $this->why, $this->next, $this->seconds) = [$decision, (string)$code, $why, $next, $seconds];
    }

    public function __toString()
    {
        return $this->why . '。' . $this->next . ($this->seconds ? "（{$this->seconds} 秒之后再发）" : '');
    }
}

class YanmiKit
{
    const NOTICE = '/cfc/api/tokenPwdCheckNotc', STATUS = '/cfc/api/tokenPwdStas'; // 1.7.1 与 1.7.2

    // ---- 一、六个函数 ----

    /** 下发的密钥：32 位十六进制，或 16 个 ASCII 字符。最常见的错误就是把前者当作后者。 */
    public static function keyBytes($text)
    {
        $bytes = preg_match('/\A[0-9A-Fa-f]{32}\z/', $text) ? hex2bin($text) : $text;
        if (strlen($bytes) !== 16) {
            throw new InvalidArgumentException('密钥应为 32 位十六进制或 16 个 ASCII 字符');
        }
        return $bytes;
    }

    /** 加密（encData）：UTF-8，PKCS7，SM4-ECB，大写十六进制。 */
    public static function seal($key, $text)
    {
        $fill = 16 - strlen($text) % 16; // 恰为整块时也要再补一整块：解密的一方总是从最后一个字节知道补了多少
        return strtoupper(bin2hex(YanmiGm::sm4(YanmiGm::keys($key), $text . str_repeat(chr($fill), $fill))));
    }

    /** 解密。每一步都查：填充不对、不是 UTF-8、不是 JSON 对象的，都不是中心的应答。 */
    public static function unseal($key, $encData)
    {
        if (strlen($encData) % 32 !== 0 || !preg_match('/\A[0-9A-Fa-f]+\z/', $encData)) {
            throw new YanmiRefused('encData 应为十六进制，长度为 32 的倍数', -2);
        }
        $data = YanmiGm::sm4(array_reverse(YanmiGm::keys($key)), hex2bin($encData)); // 解密就是把轮密钥倒过来用
        $fill = ord(substr($data, -1));
        if ($fill < 1 || $fill > 16 || substr($data, -$fill) !== str_repeat(chr($fill), $fill)) {
            throw new YanmiRefused('填充不是 PKCS7，多半是密钥不对：与中心比对密钥校验值', -4);
        }
        $text = substr($data, 0, -$fill);
        self::members($text);
        return $text;
    }

    /** 密钥校验值：双方各自算出 6 位来比对，不必说出密钥。 */
    public static function kcv($key)
    {
        return strtoupper(substr(bin2hex(YanmiGm::sm4(YanmiGm::keys($key), str_repeat("\0", 16))), 0, 6));
    }

    /** userPwd：六位凭证密码的 SM3。只能由参保人自己输入；不保存，不写日志（1.5.4(3)）。 */
    public static function passwordDigest($password)
    {
        return strtoupper(bin2hex(YanmiGm::sm3($password)));
    }

    /** 请求的 mac：ECB 没有校验，没有它，线路上的人不用密钥就能剪贴、重放、伪造 500320。 */
    public static function requestMac($key, $path, $orgId, $version, $reqtType, $timestamp, $encData)
    {
        return self::mac($key, ['request', $path, $orgId, $version, $reqtType, $timestamp, $encData]);
    }

    /** 应答的 mac 把请求的 mac（request）算在内，所以只属于这一次请求；拒绝也有。 */
    public static function answerMac($key, $request, $code, $message, $encData)
    {
        return self::mac($key, ['answer', $request, (string)$code, $message, (string)$encData]);
    }

    private static function mac($key, $parts)
    {
        $derived = YanmiGm::hmac(YanmiGm::hmac(str_repeat("\0", 32), $key), "yanmi/envelope/mac/1\x01"); // HKDF-SM3，没有 salt
        $all = '';
        foreach ($parts as $part) {
            $all .= pack('J', strlen($part)) . $part; // strlen 数的是字节
        }
        return strtoupper(bin2hex(YanmiGm::hmac($derived, $all)));
    }

    // ---- 二、判断：一个应答说明什么，经办人员下一步做什么 ----

    public static function noAnswer($why)
    {
        return new YanmiJudgment('offline', '', '无法得到中心的应答：' . $why, self::INSTEAD);
    }

    /** 1.1：先判断协议字段，再判断业务返回，最后判断交易状态。任何一步说不清，都不结算。
     *  $request 是请求的 mac（没有则 null），$notices 是本次就诊通知了几次。 */
    public static function judge($call, $key, $request, $macRequired, $http, $retryAfter, $body, $notices = 1)
    {
        $strange = self::noAnswer("中心的应答不合规范（HTTP {$http}）");
        try {
            $answer = self::members(preg_replace('/\A\xEF\xBB\xBF/', '', $body)) + ['code' => '', 'message' => '', 'data' => '{}', 'mac' => ''];
            $encData = isset($answer['data']) ? self::get(self::members($answer['data']), 'encData') : null;
        } catch (YanmiRefused $why) {
            return $strange;
        }
        if (!preg_match('/\A-?[0-9]{1,9}\z/', $answer['code'])) {
            return $strange;
        }
        $code = (int)$answer['code'];
        $message = (string)$answer['message'];
        $proven = $request && $answer['mac'];
        if ($proven && !hash_equals(self::answerMac($key, $request, $code, $message, $encData), strtoupper($answer['mac']))) {
            return new YanmiJudgment('refuse', 'mac', '中心的应答不可信：mac 不符，被改动过或不是对本次请求的', self::RENOTIFY);
        }
        if (!$proven && $macRequired && ($code === 0 || $code === 500320)) { // 能让人结算的，必须有 mac
            return new YanmiJudgment('refuse', 'mac', '中心的应答不可信：没有 mac', self::RENOTIFY);
        }
        if ($code !== 0) {
            $said = self::refusal($code, $message, $retryAfter);
        } elseif ($http !== 200) {
            return $strange;
        } else {
            try {
                $plain = self::members(self::unseal($key, (string)$encData));
            } catch (YanmiRefused $why) {
                return self::noAnswer($why->getMessage());
            }
            $said = self::state($call, self::get($plain, $call === 'notice' ? 'notcFlag' : 'checkStas'), $notices) ?: $strange;
        }
        $said->proven = (bool)$proven;
        return $said;
    }

    /** 交易状态。 */
    private static function state($call, $flag, $notices)
    {
        if ($flag !== '0' && $flag !== '1') {
            return null;
        }
        if ($call === 'notice') {
            return $flag === '1' ? new YanmiJudgment('wait', 0, '已通知参保人的渠道应用', self::NOT_CONFIRMED[0])
                : new YanmiJudgment('offline', 0, '通知参保人的渠道应用失败：通知结果标识为 0', self::INSTEAD);
        }
        return $flag === '1' ? new YanmiJudgment('settle', 0, '线上密码核验认证通过', '请继续办理医保业务并结算。')
            : new YanmiJudgment('refuse', 0, '参保人尚未完成线上认证，结算前需先完成安全认证', self::NOT_CONFIRMED[max(1, min($notices, 3)) - 1]);
    }

    /** 业务返回。 */
    private static function refusal($code, $message, $retryAfter)
    {
        $why = "{$message}（{$code}）";
        if ($code === 500320) { // 免密不是失败：直接结算
            return new YanmiJudgment('settle', $code, $why, '请继续办理医保业务并结算。');
        }
        $seconds = 0;
        $next = self::get(self::NEXT, $code) ?: self::INSTEAD;
        if ($code === -6 || $code === 500084) {
            $told = preg_match('/请 ([0-9]{1,4}) 秒/u', $message, $found) ? (int)$found[1] : 3;
            $seconds = preg_match('/\A[0-9]{1,4}\z/', (string)$retryAfter) ? (int)$retryAfter : $told;
        }
        if ($code === 500084 && strpos($message, '非本人') !== false) {
            $next = '请核实持码人身份，未核实前不得结算；核实为本人的，采用' . self::OFFLINE . '。';
        }
        $offline = in_array($code, [-1, -3, 500033, 500319, 500321], true); // 中心或渠道此刻用不了；其余的要先改正或等待
        return new YanmiJudgment($offline ? 'offline' : 'refuse', $code, $why, $next, $seconds);
    }

    /** 金额不用浮点数：换成分。 */
    public static function cents($amount)
    {
        if (!preg_match('/\A([0-9]{1,14})(?:\.([0-9]{1,2}))?\z/', $amount, $found)) {
            throw new InvalidArgumentException('金额应为元，至多两位小数：' . $amount);
        }
        return (int)$found[1] * 100 + (int)str_pad(isset($found[2]) ? $found[2] : '', 2, '0');
    }

    public static function get($members, $name)
    {
        return isset($members[$name]) ? $members[$name] : null;
    }

    // ---- 附一：经办人员的下一步（1.9、1.4.4(5)） ----

    const OFFLINE = '医保终端刷脸、医保终端密码或动态库密码'; // 本机构没有的方式，从这里删去
    const INSTEAD = '请改用' . self::OFFLINE . '；也可稍后重新发起认证通知。';
    const RENOTIFY = '请按本次结算金额重新发起认证通知，再确认结算。';
    const INFORM = '本次请采用' . self::OFFLINE . '，并告知信息科：';
    const NOT_CONFIRMED = [ // 通知了一次、两次、三次及以上
        '请参保人在展码渠道应用上完成认证；未收到通知的，请其先打开手机并进入展码渠道应用，再重新发起认证通知。',
        '请参保人查看手机的系统通知和渠道应用内的站内信（消息中心），点击通知进入认证页面。',
        '请参保人换一个渠道应用重新展码，重新解码后再发起通知；或改用' . self::OFFLINE . '。',
    ];
    const NEXT = [
        -1 => self::INFORM . '中心一侧出错或不可用：机构可稍后重试一次，仍不成功则引导参保人采用线下方式；中心按日志查因。',
        -2 => self::INFORM . '按提示信息中的参数名修改程序；时间戳超差时先校准本机时钟。原样重发不会成功。',
        -3 => '请稍后重试一次；或改用' . self::OFFLINE . '。',
        -4 => self::INFORM . '核对业务系统编码、密钥（比对密钥校验值）、SM4-ECB、PKCS7 填充与 UTF-8 编码；请中心查看日志中的确切原因。',
        -5 => self::INFORM . '核对请求地址的路径，区分大小写。',
        -6 => self::INFORM . '等提示的秒数（亦见 Retry-After 头）后再发；不要循环轮询，查询可用 waitSeconds。',
        500001 => '令牌无效或已过期：请参保人重新展码，重新解码。',
        500002 => '请参保人先在渠道应用中激活医保电子凭证，再重新发起认证通知；或改用' . self::OFFLINE . '。',
        500003 => '请参保人在该渠道应用中完成授权后重新发起，或换一个渠道应用重新展码；或改用' . self::OFFLINE . '。',
        500012 => '请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码；或改用' . self::OFFLINE . '。',
        500033 => self::INFORM . '国家电子凭证不可用：机构可稍后重试或采用线下方式；中心检查到国家电子凭证的连接。',
        500042 => '请参保人在渠道应用中设置医保电子凭证密码，再重新发起认证通知；或改用' . self::OFFLINE . '。',
        500050 => '请参保人到医保经办机构核实参保信息，本次采用' . self::OFFLINE . '。',
        500054 => '请参保人到医保经办机构核实参保信息，本次采用' . self::OFFLINE . '。',
        500057 => '请核对参保人身份；确为本人的，到医保经办机构更正信息，本次采用' . self::OFFLINE . '。',
        500058 => '请参保人到医保经办机构核实参保信息，本次采用' . self::OFFLINE . '。',
        500084 => '先请参保人打开渠道应用查看消息中心里已有的通知，稍等后再重新发起。',
        500100 => self::INFORM . '向地方电子凭证中心申请该接口的权限。',
        500208 => self::INFORM . '中心补录渠道认证记录；参保人可先换渠道应用。',
        500209 => self::INFORM . '中心核实停用原因；参保人可先换渠道应用。',
        500316 => self::INFORM . '传国标定点机构代码（H 或 P 加 11 位数字），且须登记在本业务系统编码之下。',
        500319 => '请参保人打开渠道应用后重新发起一次；仍失败则换渠道应用重新展码；或改用' . self::OFFLINE . '。',
        500321 => '请参保人改用国家医保服务平台 APP 等支持结算的渠道应用重新展码；或改用' . self::OFFLINE . '。',
    ];

    // ---- 附二：JSON 对象的成员。json_decode 对重复的成员取最后一个；重复的应答谁也说不清，所以拒绝 ----

    /** 成员名到值：字符串去掉引号，null 为 null，其余为原文（内层对象可再读一次）。 */
    public static function members($text)
    {
        if (!is_object(json_decode($text))) { // 不是 UTF-8 的，json_decode 也不认
            throw new YanmiRefused('明文不是 UTF-8 的 JSON 对象', -4);
        }
        preg_match_all('/"(?:[^"\\\\]++|\\\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]++/', $text, $tokens, PREG_OFFSET_CAPTURE);
        $out = [];
        $depth = 0;
        $name = null;
        $last = '';
        $start = 0;
        foreach ($tokens[0] as list($word, $at)) {
            if ($word === ':' && $depth === 1 && $name === null) {
                $name = json_decode($last);
                $start = $at + 1;
                if (array_key_exists($name, $out)) {
                    throw new YanmiRefused('JSON 成员重复', -4);
                }
            } elseif (($word === ',' || $word === '}') && $depth === 1 && $name !== null) {
                $raw = trim(substr($text, $start, $at - $start));
                $out[$name] = $raw === 'null' ? null : ($raw[0] === '"' ? json_decode($raw) : $raw);
                $name = null;
            }
            $depth += $word === '{' || $word === '[' ? 1 : ($word === '}' || $word === ']' ? -1 : 0);
            $last = $word;
        }
        return $out;
    }

    public static function quoted($text)
    {
        return json_encode($text, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
    }
}

// ---- 三、两个调用，与一次就诊 ----

/** 一个账号与它的中心。proven：中心的应答带过 mac，此后没有 mac 的不再采信。 */
class YanmiCenter
{
    public $key;
    private $set = ['prefix' => 'sys', 'mac' => 'auto', 'timeoutMs' => '8000', 'plainHttp' => ''], $proven = false;

    public function __construct($file)
    {
        foreach (explode("\n", preg_replace('/\A\xEF\xBB\xBF/', '', file_get_contents($file))) as $line) {
            if ($line !== '' && $line[0] !== '#' && strpos($line, '=') > 0) {
                list($name, $value) = explode('=', $line, 2);
                $this->set[trim($name)] = trim($value);
            }
        }
        $this->key = YanmiKit::keyBytes($this->set['key']);
        if (!preg_match('#\A(https://|http://(127\.|localhost|\[::1\]))#', $this->set['url']) && $this->set['plainHttp'] !== '1') {
            throw new InvalidArgumentException('明文 http 只许本机；确知线路可信才写 plainHttp=1');
        }
    }

    /** 1.7.1 通知。$amount 是预结算的医疗费总额，如 "128.50"：若有应必传。 */
    public function notify($token, $amount)
    {
        $text = sprintf('{"token":%s,"orgCodg":%s,"orgName":%s,"totalAmount":%s}', YanmiKit::quoted($token),
            YanmiKit::quoted($this->set['orgCodg']), YanmiKit::quoted($this->set['orgName']), $amount);
        return $this->call('notice', YanmiKit::NOTICE, $text, 1);
    }

    /** 1.7.2 查询。令牌与通知的相同；不要循环轮询，点击确认结算时查一次。 */
    public function status($token, $notices = 1)
    {
        $text = sprintf('{"token":%s,"orgCodg":%s}', YanmiKit::quoted($token), YanmiKit::quoted($this->set['orgCodg']));
        return $this->call('status', YanmiKit::STATUS, $text, $notices);
    }

    private function call($call, $path, $text, $notices)
    {
        $stamp = (string)(int)(microtime(true) * 1000); // 每次（包括重试）都重新取时间、重新组包
        $reqtType = $this->set['prefix'] . '&' . $this->set['region'];
        $envelope = ['orgId' => $this->set['orgId'], 'encData' => YanmiKit::seal($this->key, $text), 'version' => '1.0.0',
            'timestamp' => $stamp, 'reqtType' => $reqtType];
        $use = $this->set['mac'];
        $request = null;
        if ($use !== 'never') {
            $request = YanmiKit::requestMac($this->key, $path, $this->set['orgId'], '1.0.0', $reqtType, $stamp, $envelope['encData']);
            $envelope['mac'] = $request;
        }
        $patience = (int)$this->set['timeoutMs'] / 1000;
        $began = microtime(true);
        $answer = $this->post($this->set['url'] . $path, YanmiKit::quoted($envelope), $patience);
        if ($answer === null) { // 连不上、断开、不完整：不论什么原因，都没有得到应答
            $late = microtime(true) - $began >= $patience;
            return $late ? new YanmiJudgment('offline', '', '请求中心超时', YanmiKit::INSTEAD) : YanmiKit::noAnswer('无法连接，或连接中断');
        }
        list($http, $retryAfter, $body) = $answer;
        $required = $use === 'always' || ($use === 'auto' && $this->proven);
        $said = YanmiKit::judge($call, $this->key, $request, $required, $http, $retryAfter, $body, $notices);
        $this->proven = $this->proven || $said->proven;
        return $said;
    }

    /** HTTP 状态、Retry-After、内容；没有应答为 null。 */
    private function post($url, $body, $patience)
    {
        $options = ['method' => 'POST', 'header' => "Content-Type: application/json\r\nConnection: close", 'content' => $body,
            'timeout' => $patience, 'ignore_errors' => true, 'follow_location' => 0, 'protocol_version' => 1.1];
        $read = @file_get_contents($url, false, stream_context_create(['http' => $options]), 0, 65537);
        if ($read === false || empty($http_response_header) || !preg_match('#\AHTTP/\S+ ([0-9]{3})#', $http_response_header[0], $status)) {
            return null;
        }
        $found = preg_grep('/\ARetry-After:/i', $http_response_header);
        return [(int)$status[1], $found ? trim(substr(reset($found), 12)) : null, $read];
    }
}

/** 一次展码就诊，扫码的那一刻建立（介质在读取时记录，不以结算时的证件类型倒推）。
 *  换渠道应用重新展码就另建一个：旧令牌的通知与认证全部作废。 */
class YanmiVisit
{
    public $token, $notices = 0;
    private $notice = null, $covers = null, $at = 0;

    public function __construct($token)
    {
        $this->token = $token;
    }

    /** 可由经办人员多次发起（1.4.4(5)A），间隔 3 秒以上。 */
    public function notify($center, $amount)
    {
        $fen = YanmiKit::cents($amount);
        $said = $center->notify($this->token, $amount);
        if ($said->decision === 'wait' || $said->decision === 'settle') {
            $this->covers = $fen; // 参保人确认的，至多是最近一次通知的金额
        } elseif ($said->code === '') { // 没有得到应答：通知可能到了，只会把金额压低
            $this->covers = $this->covers === null ? $fen : min($fen, $this->covers);
        }
        $this->notices++;
        $this->notice = $said;
        $this->at = time();
        return $said;
    }

    /** 点击确认结算时问：每次都重新查询（1.6.2(8)），只有 settle 才结算。退费、撤销不必问。 */
    public function settle($center, $amount)
    {
        $said = $this->notice;
        if ($said === null) {
            return new YanmiJudgment('refuse', '', '尚未发起线上认证通知', '请为参保人发起线上密码核验认证通知。');
        }
        $free = $said->decision === 'settle' && abs(time() - $this->at) < 1800; // 通知就得到 500320 的，直接办理
        if (!$free && $said->code !== 'mac') {
            $asked = $center->status($this->token, $this->notices);
            $unconfirmed = $asked->decision === 'refuse' && $asked->code === '0';
            if (!$unconfirmed || !in_array($said->decision, ['refuse', 'offline'], true)) { // 通知本身没有成功的，说通知的原因
                $said = $asked;
            }
        }
        if ($said->decision === 'settle' && ($this->covers === null || YanmiKit::cents($amount) > $this->covers)) {
            return new YanmiJudgment('refuse', 0, '参保人确认的金额低于本次结算金额', YanmiKit::RENOTIFY);
        }
        return $said;
    }
}

/** 附三：SM4（GB/T 32907）与 SM3（GB/T 32905）。整数是 64 位的，每次左移、相加之后都要截成 32 位。 */
class YanmiGm
{
    const SBOX = 'd690e9fecce13db716b614c228fb2c052b679a762abe04c3aa441326498606999c4250f491ef987a33540b43edcfac62e4b31ca9c908e89580df94fa758f3fa64707a7fcf37317ba83593c19e6854fa8686b81b27164da8bf8eb0f4b70569d351e240e5e6358d1a225227c3b01217887d40046579fd327524c3602e7a0c4c89eeabf8ad240c738b5a3f7f2cef96115a1e0ae5da49b341a55ad933230f58cb1e31df6e22e8266ca60c02923ab0d534e6fd5db3745defd8e2f03ff6a726d6c5b518d1baf92bbddbc7f11d95c411f105ad80ac13188a5cd7bbd2d74d012b8e5b4b08969974a0c96777e65b9f109c56ec68418f07dec3adc4d2079ee5f3ed7cb3948';
    const ALL = 0xFFFFFFFF;

    private static function rotate($value, $count)
    {
        $count %= 32;
        return ($value << $count | $value >> (32 - $count)) & self::ALL;
    }

    private static function substituted($word)
    {
        static $box = null;
        if ($box === null) {
            $box = array_values(unpack('C*', hex2bin(self::SBOX)));
        }
        return $box[$word >> 24] << 24 | $box[$word >> 16 & 255] << 16 | $box[$word >> 8 & 255] << 8 | $box[$word & 255];
    }

    public static function keys($key)
    {
        $words = array_values(unpack('N4', $key));
        foreach ([0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC] as $i => $system) {
            $words[$i] ^= $system;
        }
        for ($turn = 0; $turn < 32; $turn++) {
            $constant = 0;
            for ($i = 0; $i < 4; $i++) {
                $constant = $constant << 8 | (4 * $turn + $i) * 7 & 255;
            }
            $mixed = self::substituted($words[$turn + 1] ^ $words[$turn + 2] ^ $words[$turn + 3] ^ $constant);
            $words[] = $words[$turn] ^ $mixed ^ self::rotate($mixed, 13) ^ self::rotate($mixed, 23);
        }
        return array_slice($words, 4);
    }

    /** 逐块（ECB）；轮密钥倒过来就是解密。 */
    public static function sm4($keys, $data)
    {
        $out = '';
        foreach (str_split($data, 16) as $block) {
            list($a, $b, $c, $d) = array_values(unpack('N4', $block));
            foreach ($keys as $key) {
                $m = self::substituted($b ^ $c ^ $d ^ $key);
                $m ^= self::rotate($m, 2) ^ self::rotate($m, 10) ^ self::rotate($m, 18) ^ self::rotate($m, 24);
                list($a, $b, $c, $d) = [$b, $c, $d, $a ^ $m];
            }
            $out .= pack('N4', $d, $c, $b, $a);
        }
        return $out;
    }

    public static function sm3($message)
    {
        $state = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E];
        $data = $message . "\x80" . str_repeat("\0", (119 - strlen($message) % 64) % 64) . pack('J', 8 * strlen($message));
        foreach (str_split($data, 64) as $block) {
            $w = array_values(unpack('N16', $block));
            for ($j = 16; $j < 68; $j++) {
                $x = $w[$j - 16] ^ $w[$j - 9] ^ self::rotate($w[$j - 3], 15);
                $w[] = $x ^ self::rotate($x, 15) ^ self::rotate($x, 23) ^ self::rotate($w[$j - 13], 7) ^ $w[$j - 6];
            }
            list($a, $b, $c, $d, $e, $f, $g, $h) = $state;
            for ($j = 0; $j < 64; $j++) {
                $early = $j < 16;
                $turned = self::rotate($a, 12);
                $one = self::rotate($turned + $e + self::rotate($early ? 0x79CC4519 : 0x7A879D8A, $j) & self::ALL, 7);
                $first = ($early ? $a ^ $b ^ $c : $a & $b | $a & $c | $b & $c) + $d + ($one ^ $turned) + ($w[$j] ^ $w[$j + 4]) & self::ALL;
                $second = ($early ? $e ^ $f ^ $g : $e & $f | ~$e & self::ALL & $g) + $h + $one + $w[$j] & self::ALL;
                list($a, $b, $c, $d, $e, $f, $g, $h) = [$first, $a, self::rotate($b, 9), $c,
                    $second ^ self::rotate($second, 9) ^ self::rotate($second, 17), $e, self::rotate($f, 19), $g];
            }
            foreach ([$a, $b, $c, $d, $e, $f, $g, $h] as $i => $word) {
                $state[$i] ^= $word;
            }
        }
        return pack('N8', ...$state);
    }

    public static function hmac($key, $data)
    {
        $key = str_pad($key, 64, "\0"); // 这里的密钥都不超过 64 字节
        return self::sm3(($key ^ str_repeat("\x5C", 64)) . self::sm3(($key ^ str_repeat("\x36", 64)) . $data));
    }
}

// ---- 四、命令行 ----

class YanmiCommands
{
    /** 一个收费窗口：每行一个操作，各答一行“返回值 提示”。 */
    public static function window($center)
    {
        $returns = ['settle' => 0, 'wait' => 0, 'refuse' => 1, 'offline' => 2];
        $visit = null;
        while (($line = fgets(STDIN)) !== false) {
            list($what, $value) = explode(' ', trim($line) . ' ');
            $said = new YanmiJudgment('wait', 0, '已登记', '');
            if ($what === 'scan' || $what === 'token') {
                $visit = new YanmiVisit($value);
            } elseif ($what === 'notice') {
                $said = $visit->notify($center, $value);
            } elseif ($what === 'status') {
                $said = $center->status($visit->token, $visit->notices);
            } else {
                $said = $visit->settle($center, $value);
            }
            echo $returns[$said->decision], ' ', $said, "\n";
        }
    }

    /** 走一遍：通知之前不结算，确认之前不结算，确认之后结算，金额变大不结算。 */
    public static function journey($center, $token, $confirm)
    {
        $visit = new YanmiVisit($token);
        $show = function ($step, $said, $expected) {
            echo "{$step}：{$said}\n";
            if ($said->decision !== $expected) {
                throw new RuntimeException("应为 {$expected}，得到 {$said->decision}");
            }
        };
        echo '密钥校验值：', YanmiKit::kcv($center->key), "\n";
        $show('通知之前', $visit->settle($center, '128.50'), 'refuse');
        $show('通知', $visit->notify($center, '128.50'), 'wait');
        $show('确认之前', $visit->settle($center, '128.50'), 'refuse');
        passthru($confirm, $failed);
        if ($failed) {
            throw new RuntimeException('确认命令失败');
        }
        $show('确认之后', $visit->settle($center, '128.50'), 'settle');
        $show('金额变大', $visit->settle($center, '128.51'), 'refuse');
        echo "可以结算\n";
    }

    public static function vectors($file)
    {
        $table = YanmiKit::members(file_get_contents($file));
        foreach ($table as $name => $row) {
            $v = YanmiKit::members($row);
            $all = ['key', 'plain', 'encData', 'password', 'path', 'orgId', 'version', 'reqtType', 'timestamp', 'request', 'code',
                'message', 'call', 'macRequired', 'http', 'retryAfter', 'body', 'notices'];
            try {
                $got = self::answered($v + array_fill_keys($all, null));
            } catch (YanmiRefused $why) {
                $got = (string)$why->getCode();
            }
            if ($got !== $v['result']) {
                throw new RuntimeException("不符：{$name}\n  应为 {$v['result']}\n  得到 {$got}");
            }
        }
        echo count($table), " 个向量全部相符\n";
    }

    private static function answered($v)
    {
        $key = $v['key'] === null ? null : YanmiKit::keyBytes($v['key']);
        switch ($v['do']) {
            case 'seal':
                return YanmiKit::seal($key, $v['plain']);
            case 'unseal':
                return YanmiKit::unseal($key, $v['encData']);
            case 'kcv':
                return YanmiKit::kcv($key);
            case 'digest':
                return YanmiKit::passwordDigest($v['password']);
            case 'requestMac':
                return YanmiKit::requestMac($key, $v['path'], $v['orgId'], $v['version'], $v['reqtType'], $v['timestamp'], $v['encData']);
            case 'answerMac':
                return YanmiKit::answerMac($key, $v['request'], $v['code'], $v['message'], $v['encData']);
        }
        $said = YanmiKit::judge($v['call'], $key, $v['request'], $v['macRequired'] === '1', (int)$v['http'], $v['retryAfter'], $v['body'], (int)$v['notices']);
        return "{$said->decision}|{$said->code}|{$said->seconds}|{$said->next}";
    }
}

if (PHP_SAPI === 'cli' && realpath($argv[0]) === __FILE__) {
    try {
        if ($argc === 3 && $argv[1] === 'vectors') {
            YanmiCommands::vectors($argv[2]);
        } elseif ($argc === 3 && $argv[1] === 'settle') {
            YanmiCommands::window(new YanmiCenter($argv[2]));
        } elseif ($argc === 5 && $argv[1] === 'settle') {
            YanmiCommands::journey(new YanmiCenter($argv[2]), $argv[3], $argv[4]);
        } else {
            throw new RuntimeException('用法见本文件开头');
        }
    } catch (Exception $why) {
        fwrite(STDERR, $why->getMessage() . "\n");
        exit(1);
    }
}
